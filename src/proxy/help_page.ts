/** Fields of the page: nothing may run, load or frame it. */
export const HELP_FIELDS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/**
 * What a person sees who opens the address of a proxy in a browser. It is the same on every machine: it names
 * no host, folder, provider or secret, since anybody on this machine may read it.
 */
export const HELP_PAGE: string = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>sig proxy</title>
<h1>This is a proxy of sig</h1>
<p>Programs that use it act with logins that they never see. It is no site to visit.</p>
<h2>To use it</h2>
<pre>sig run &lt;provider&gt; -- &lt;program&gt;    a private proxy for one program: nothing else to do
eval "$(sig proxy env)"             every program of this shell, through this proxy</pre>
<h2>To trust its CA</h2>
<p>Where a program has a setting or a variable for it, <code>sig proxy env</code> sets that. For programs that read
the trust store of your user account, such as browsers:</p>
<pre>sig proxy trust                     adds the CA, or prints the commands that do
sig proxy untrust                   removes exactly that CA again</pre>
<p>The CA can only vouch for the hosts of your providers, and its key is sealed in your vault.</p>
<h2>To stop it</h2>
<pre>sig proxy stop</pre>
</html>
`;
