import assert from "node:assert/strict";
import { faultOf, valueOf } from "./expression.ts";

const body = {
  action: "opened",
  number: 7,
  ratio: 0.5,
  draft: false,
  milestone: null,
  title: "Fix the Build",
  labels: [{ name: "bug" }, { name: "p1", color: "red" }],
  files: ["src/a.ts", "docs/b.md"],
  counts: [3, 1, 2],
  user: { login: "octocat", "a.b": 1 },
};

describe("a CEL expression", () => {
  for (const [source, expected] of [
    ["event.body.action == 'opened' && event.body.number > 5", true],
    ["event.type.startsWith('issues.') || event.body.gone == 1", true],
    ["event.body.gone == 1 || event.type.startsWith('issues.')", true],
    ["event.body.gone == 1 && false", false],
    ["!(event.body.action in ['closed', 'edited'])", true],
    ["event.body.milestone == null", true],
    ["event.body.title == 7 || event.body.title != 7", true],
    ["event.headers['x-github-event'] == 'issues'", true],
    ["event.source.name + '/' + event.provider", "octo/github"],
    ["event.body.user['a.b'] == 1", true],
    ["'login' in event.body.user && !('name' in event.body.user)", true],
    ["has(event.body.milestone) && !has(event.body.assignee)", true],
    ["event.body.draft ? 'draft' : 'ready'", "ready"],
    ["event.body.labels.exists(l, l.name == 'bug')", true],
    ["event.body.labels.exists(l, l.color == 'red')", true],
    ["event.body.labels.all(l, l.name != '')", true],
    ["event.body.labels.all(l, l.color == 'blue')", false],
    ["event.body.labels.exists_one(l, l.name == 'p1')", true],
    ["event.body.labels.map(l, l.name)", ["bug", "p1"]],
    ["event.body.labels.filter(l, has(l.color))[0].name", "p1"],
    ["event.body.counts.map(n, n > 1, n * 10)", [30, 20]],
    ["event.body.user.map(key, key)", ["login", "a.b"]],
    ["event.body.files.exists(f, event.body.counts.exists(n, f.size() > n + 4))", true],
    ["event.body.labels.exists(event, event.name == 'bug')", true],
    ["cel.bind(names, event.body.labels.map(l, l.name), names.join('+'))", "bug+p1"],
    ["event.body.number + 1", 8],
    ["event.body.number / 2", 3.5],
    ["size(event.body.counts) / 2", 1],
    ["-7 / 2", -3],
    ["event.body.number % 4", 3],
    ["1 + 2 * 3 - 4", 3],
    ["event.body.counts + [4]", [3, 1, 2, 4]],
    ["event.body.counts == [3, 1, 2] && event.body.user != {'login': 'x'}", true],
    ["{'n': event.body.number, 'l': [1, 'a', null]}", { n: 7, l: [1, "a", null] }],
    ["event.body.title.lowerAscii().contains('build')", true],
    ["'É'.lowerAscii() + 'é'.upperAscii() + 'a'.upperAscii()", "ÉéA"],
    ["event.body.title.matches('(?i)^fix .*build$')", true],
    ["matches(event.body.title, '(?i)^fix .*build$')", true],
    ["event.body.title.substring(4, 7) + event.body.title.substring(8)", "theBuild"],
    ["event.body.files[0].split('/')", ["src", "a.ts"]],
    ["'a,b,c'.split(',', 2)", ["a", "b,c"]],
    ["' x '.trim().size() == 1 && '😀é'.size() == 2", true],
    ["event.body.title.indexOf('the') == 4 && event.body.title.lastIndexOf('zzz') == -1", true],
    ["event.body.files[0].endsWith('.ts')", true],
    ["int('12') + int(3.9) + int(true ? 1 : 0)", 16],
    ["double('1.5') + event.body.ratio", 2],
    ["string(event.body.number) + string(true)", "7true"],
    ["bool('true') && !bool('f')", true],
    ["timestamp(event.receivedAt) > timestamp('2026-01-01T00:00:00Z')", true],
    ["timestamp(event.receivedAt) - timestamp('2026-01-02T03:00:00Z') < duration('5m')", true],
    ["timestamp(event.receivedAt) + duration('1h30m')", "2026-01-02T04:34:05.678Z"],
    ["timestamp(event.receivedAt).getHours()", 3],
    ["timestamp(event.receivedAt).getHours('America/New_York')", 22],
    ["timestamp(event.receivedAt).getDayOfWeek('America/New_York')", 4],
  ] as const)
    it(`gives ${JSON.stringify(expected)} for ${source}`, () => assert.deepEqual(valueOf(source, body), expected));

  for (const [source, isAbsent, message] of [
    ["event.body.gone == 1", true, /^at line 1, column 12, "gone == 1": there is no gone$/],
    ["event.body.\n  user.name", true, /^at line 2, column 8, "name": there is no name$/],
    ["event.body.title.length", true, /there is no length/],
    ["event.body.counts.length", true, /there is no length/],
    ["event.body.milestone.title", true, /there is no title/],
    ["event.body.counts[9]", true, /there is nothing at this place/],
    ["event.body.counts[0.5]", true, /there is nothing at this place/],
    ["event.headers['x-absent']", true, /there is no x-absent/],
    ["has(event.body.gone.name)", true, /there is no gone/],
    ["event.body.labels.exists(l, l.size > 1)", true, /there is no size/],
    ["event.body.labels.map(l, l.color)", true, /there is no color/],
    ["event.body.title > 5", false, /> does not go with values of these kinds/],
    ["event.body.title + 1", false, /\+ does not go with/],
    ["event.body.number && true", false, /&& needs true or false on both sides/],
    ["!event.body.number", false, /! needs true or false/],
    ["-event.body.title", false, /- needs a number/],
    ["event.body.title ? 1 : 2", false, /\? needs true or false/],
    ["event.body.number / 0", false, /divides by zero/],
    ["event.body.number * 1e308 * 1e308", false, /too large/],
    ["event.body.number in event.body.title", false, /in does not go with/],
    ["event.body.title.exists(c, true)", false, /neither a list nor a map/],
    ["event.body.counts.exists(n, n)", false, /true or false within exists/],
    ["event.body.counts.filter(n, n)", false, /true or false within filter/],
    ["event.body.number.contains('7')", false, /contains does not take such values/],
    ["event.body.number.matches('7')", false, /needs a text/],
    ["event.body.counts.join(',')", false, /join does not take such values/],
    ["int(event.body.title)", false, /int does not take/],
    ["event.body.title.substring(3, 1)", false, /substring does not take/],
    ["timestamp(event.body.title)", false, /timestamp does not take/],
    ["duration(event.body.title)", false, /duration does not take/],
  ] as const)
    it(`says why there is no value: ${source.replace("\n", " ")}`, () => {
      const fault = faultOf(source, body);
      assert.equal(fault.isAbsent, isAbsent, fault.message);
      assert.match(fault.message, message);
    });

  it("reads own keys only, however they are named", () => {
    const hostile = JSON.parse('{"a": {"__proto__": 1, "constructor": 2, "toString": 3, "own": 4}, "list": [1]}');
    assert.equal(valueOf("event.body.a.own", hostile), 4, "a key constructor hides nothing");
    assert.equal(valueOf("event.body.a.toString", hostile), 3);
    assert.equal(faultOf("event.body.list.map", hostile).isAbsent, true);
    for (const name of ["__proto__", "constructor", "prototype"]) {
      const [head, tail] = [name.slice(0, 4), name.slice(4)];
      assert.equal(faultOf(`event.body.a['${head}' + '${tail}']`, hostile).isAbsent, true);
      assert.equal(valueOf(`('${head}' + '${tail}') in event.body.a`, hostile), false);
      assert.equal(faultOf(`event.body.a.map(key, event.body.a[key])`, hostile).isAbsent, true);
    }
  });
});
