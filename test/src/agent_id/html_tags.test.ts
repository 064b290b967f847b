import { expect, test } from 'vitest';
import { readStartTags } from '../../../src/agent_id/html_tags.ts';

const read = (html: string) =>
  [...readStartTags(html)].map(({ name, attributes }) => [name, Object.fromEntries(attributes)]);

test.each([
  ['<p>x<B CLASS=y>', [['p', {}], ['b', { class: 'y' }]]],
  [`<a b="1 > 2" c='"' d=e f/>`, [['a', { b: '1 > 2', c: '"', d: 'e', f: '' }]]],
  ['<a b=1 B=2>', [['a', { b: '1' }]]],
  ['<a\n b = "x"\t>', [['a', { b: 'x' }]]],
  ['<a =b>', [['a', { '=b': '' }]]],
  ['<br/><img/src=x>', [['br', {}], ['img', { src: 'x' }]]],
  ['<!-- <a> --><b>', [['b', {}]]],
  ['<!--> <a> <!---> <b>', [['a', {}], ['b', {}]]],
  ['<!-- <a> --!><b>', [['b', {}]]],
  ['<!-- <a>', []],
  ['<!doctype html><a>', [['a', {}]]],
  ['<?x <a>?><b>', [['b', {}]]],
  ['<script>"<a>"</scripty><b></script ><c>', [['script', {}], ['c', {}]]],
  ['<style><a></STYLE><b>', [['style', {}], ['b', {}]]],
  ['<title><a>', [['title', {}]]],
  ['</p x="<a>"><b>', [['b', {}]]],
  ['1 < 2 <3 <a>', [['a', {}]]],
  ['<a', []],
  ['<a b="c', []],
  ['', []],
  ['<', []],
])('C15: readStartTags() of %s', (html, tags) => {
  expect(read(html)).toEqual(tags);
});

test.each(['<', '<a ', '<a b=', '<a b="', '<!--', '<!-', '<script>', '</', '<a b=\'"', "<a ' "])(
  'C15: readStartTags() takes no more than linear time for many %j',
  (piece) => {
    const html = piece.repeat(262_144 / piece.length);
    const startedMs = performance.now();
    expect([...readStartTags(html)].length).toBeLessThan(html.length);
    expect(performance.now() - startedMs).toBeLessThan(3000);
  },
);
