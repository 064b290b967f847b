// Asks for a URL in the two ways that Java has, and says which certificates it trusts.
import java.io.FileInputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.HashSet;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

public class Ask {
  public static void main(String[] args) throws Exception {
    URI url = URI.create(args[0]);
    HttpClient client = HttpClient.newHttpClient();
    HttpResponse<String> answer =
        client.send(HttpRequest.newBuilder(url).build(), HttpResponse.BodyHandlers.ofString());
    System.out.println("HttpClient " + answer.version() + " " + answer.statusCode() + " " + answer.body());

    HttpURLConnection connection = (HttpURLConnection) url.toURL().openConnection();
    String body = new String(connection.getInputStream().readAllBytes());
    System.out.println("HttpURLConnection " + connection.getResponseCode() + " " + body);

    TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init((KeyStore) null);
    X509Certificate[] trusted = ((X509TrustManager) factory.getTrustManagers()[0]).getAcceptedIssuers();
    FileInputStream bundle = new FileInputStream(System.getenv("SSL_CERT_FILE"));
    var expected = CertificateFactory.getInstance("X.509").generateCertificates(bundle);
    boolean same = new HashSet<>(Arrays.asList(trusted)).equals(new HashSet<>(expected));
    System.out.println("trusts " + trusted.length + (same ? " as all others do" : " others"));
  }
}
