#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/testing/script.h"

// readJSON, readYaml, readProperties, readTOML, readCSV, readMavenPom and their writers.

namespace ks::engine {
namespace {

using testing::HasSubstr;

void expect_success(std::string_view script) {
  const Ended ended = run_script(script);
  EXPECT_EQ(ended.result, BuildResult::success) << ended.log;
}

void expect_failure(std::string_view script, std::string_view message) {
  const Ended ended = run_script(script);
  EXPECT_EQ(ended.result, BuildResult::failure) << ended.log;
  EXPECT_THAT(ended.log, HasSubstr(message));
}

TEST(DataSteps, ReadJsonGivesMutableMapsAndItsOwnNull) {
  expect_success(R"(
node {
  writeFile file: 'a.json', text: '{"name": "web", "n": 3, "big": 12345678901, "r": 2.5, "x": null, "l": [1, {"a": true}]}'
  def json = readJSON file: 'a.json'
  assert json.name == 'web' && json.n + 1 == 4 && json.big == 12345678901L && json.r == 2.5d
  assert json.l[1].a && json.missing == null
  assert json.x != null && json.x.toString() == 'null' && json.x.equals(null)
  json.name = 'other'; json.l << 4
  assert writeJSON(json: json, returnText: true) == '{"name":"other","n":3,"big":12345678901,"r":2.5,"x":null,"l":[1,{"a":true},4]}'
  assert readJSON(text: '{"x": null}', returnPojo: true).x == null
}
)");
}

TEST(DataSteps, WriteJsonKeepsDecimalsAndIndents) {
  expect_success(R"(
node {
  writeJSON file: 'out/b.json', json: [a: 1.25, l: ["x${1 + 1}", null]], pretty: 2
  assert readFile('out/b.json') == '{\n  "a": 1.25,\n  "l": [\n    "x2",\n    null\n  ]\n}'
}
)");
}

TEST(DataSteps, JsonStepsSayWhatTheyMiss) {
  expect_failure("readJSON()", "At least one of file or text needs to be provided to readJSON.");
  expect_failure("readJSON file: 'a', text: 'b'",
                 "At most one of file or text must be provided to readJSON.");
  expect_failure("node { readJSON file: 'nope.json' }", "nope.json does not exist.");
  expect_failure("node { dir('d') { writeFile file: 'x', text: '' }\n readJSON file: 'd' }",
                 "d is a directory.");
  expect_failure("readJSON text: '{\"a\": '", "net.sf.json.JSONException");
  expect_failure("readJSON file: 'x.json'", "Perhaps you forgot to surround the step");
  expect_failure("node { writeJSON file: 'x' }",
                 "You have to provide a JSON object to save for writeJSON.");
  expect_failure("def m = [:]; m.self = m; writeJSON json: m, returnText: true",
                 "nested deeper than 200 levels");
}

TEST(DataSteps, ReadYamlTypesWordsAsPipelinesKnowThem) {
  expect_success(R"(
def y = readYaml text: '''
on: yes
off: No
word: "yes"
n: 1_000
t: 1:30
f: 1.5
none: ~
list: [a, b]
merged: &m {x: 1}
also:
  <<: *m
  y: 2
'''
assert y.on == true || y['true'] == true || y.containsKey('on')
assert y.word == 'yes' && y.n == 1000 && y.t == 90 && y.f == 1.5d && y.none == null
assert y.list == ['a', 'b'] && y.also == [x: 1, y: 2]
assert readYaml(text: 'a: 1\n---\nb: 2') == [[a: 1], [b: 2]]
assert readYaml(text: '') == []
y.list << 'c'
assert y.list.size() == 3
)");
}

TEST(DataSteps, YamlStepsSayWhatTheyMiss) {
  expect_failure("node { writeYaml file: 'a.yml' }",
                 "data or datas parameter must be provided to writeYaml");
  expect_failure("node { writeYaml file: 'a.yml', data: 1, datas: [1] }",
                 "only one of data or datas must be provided to writeYaml");
  expect_failure("node { writeYaml data: 1 }",
                 "either file or returnText must be provided to writeYaml");
  expect_failure("node { writeFile file: 'a.yml', text: ''\n writeYaml file: 'a.yml', data: 1 }",
                 "java.nio.file.FileAlreadyExistsException: a.yml already exist.");
  expect_failure("readYaml text: 'a: [1'", "readYaml: line 2, column 1: did not find expected");
  expect_failure(
      "readYaml text: 'a: &x [1]\\nb: &y [*x,*x,*x,*x,*x,*x,*x,*x,*x,*x]\\n"
      "c: &z [*y,*y,*y,*y,*y,*y,*y,*y,*y,*y]\\nd: &w [*z,*z,*z,*z,*z,*z,*z,*z,*z,*z]\\n"
      "e: &v [*w,*w,*w,*w,*w,*w,*w,*w,*w,*w]\\nf: [*v,*v,*v,*v,*v,*v,*v,*v,*v,*v]'",
      "aliases expand to more than");
}

TEST(DataSteps, ReadPropertiesFollowsJava) {
  expect_success(R"(
node {
  writeFile file: 'p.properties', text: '''# comment
! another
a=1
b : two words
c   three
long = one \\
    two
u = \\u00e9\\t.
key\\ with\\:both = x
empty
ref = ${a}/${b}/${none}
'''
  def p = readProperties file: 'p.properties', text: 'a = 9', defaults: [d: 4, a: 0], interpolate: true
  assert p.a == '9' && p.b == 'two words' && p.c == 'three' && p.long == 'one two'
  assert p.u == '\u00e9\t.' && p['key with:both'] == 'x' && p.empty == '' && p.d == '4'
  assert p.ref == '9/two words/${none}'
  assert readProperties(text: 'x = ${x}', interpolate: true).x == '${x}'
}
)");
  expect_failure("readProperties()",
                 "At least one of file or text needs to be provided to readProperties.");
}

TEST(DataSteps, ReadManifestGivesMainAndEntries) {
  expect_success(R"(
def m = readManifest text: 'Manifest-Version: 1.0\r\nLong: abc\r\n def\r\n\r\nName: a/b.class\r\nSealed: true\r\n'
assert m.main['Manifest-Version'] == '1.0' && m.main.Long == 'abcdef'
assert m.entries['a/b.class'].Sealed == 'true'
)");
}

TEST(DataSteps, TomlThereAndBack) {
  expect_success(R"(
def t = readTOML text: 'a = 1\nd = 2024-01-02\n[s]\nl = [1.5, "x"]\n[[s.t]]\nk = true'
assert t.a == 1 && t.d == '2024-01-02' && t.s.l == [1.5d, 'x'] && t.s.t[0].k
assert readTOML(text: writeTOML(toml: t, returnText: true)) == t
)");
  expect_failure("readTOML text: 'a = '", "readTOML: line 1");
  expect_failure("readTOML text: 'a = ' + '[' * 5000", "nested deeper than");
  expect_failure("node { writeTOML toml: [1], file: 'x' }", "a map at its top");
}

TEST(DataSteps, CsvRecordsByNumberAndByHeader) {
  expect_success(R"(
import org.apache.commons.csv.CSVFormat
node {
  writeFile file: 'a.csv', text: 'name,age\n"Smith, J",42\n"say ""hi""",7\n'
  def plain = readCSV file: 'a.csv'
  assert plain.size() == 3 && plain[1][0] == 'Smith, J' && plain[2].get(0) == 'say "hi"'
  def named = readCSV file: 'a.csv', format: CSVFormat.DEFAULT.withFirstRecordAsHeader()
  assert named.size() == 2 && named[0].get('age') == '42' && named[1]['name'] == 'say "hi"'
  assert named[0].toMap() == [name: 'Smith, J', age: '42'] && named[0].isMapped('age')
  def fields = []
  for (field in named[0]) { fields << field }
  assert fields == ['Smith, J', '42']
  writeCSV file: 'b.csv', records: [['a', 'b,c'], [1, null]], format: CSVFormat.EXCEL
  assert readFile('b.csv') == 'a,"b,c"\r\n1,\r\n'
  writeCSV file: 'c.csv', records: named
  assert readFile('c.csv').startsWith('"Smith, J",42')
}
)");
  expect_failure("node { writeCSV file: 'x.csv' }", "You have to provide records to save");
  expect_failure("readCSV(text: 'a,b')[0].get('x')", "No header mapping was specified");
}

TEST(DataSteps, MavenPomIsReadChangedAndWritten) {
  expect_success(R"(
node {
  writeFile file: 'pom.xml', text: '''<?xml version="1.0"?>
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
 <parent><groupId>p</groupId><artifactId>pa</artifactId><version>1</version></parent>
 <artifactId>web</artifactId><version>1.0-SNAPSHOT</version>
 <properties><java.version>17</java.version></properties>
 <modules><module>a</module><module>b</module></modules>
 <dependencies><dependency><groupId>g</groupId><artifactId>x</artifactId><exclusions><exclusion><groupId>e</groupId></exclusion></exclusions></dependency></dependencies>
 <build><plugins><plugin><artifactId>pl</artifactId><configuration><deep><er>1</er></deep></configuration></plugin></plugins></build>
</project>'''
  def pom = readMavenPom()
  assert pom.artifactId == 'web' && pom.groupId == null && pom.parent.groupId == 'p' && pom.packaging == 'jar'
  assert pom.properties['java.version'] == '17' && pom.modules == ['a', 'b']
  assert pom.dependencies[0].exclusions[0].groupId == 'e'
  assert pom.build.plugins[0].configuration.deep.er == '1'
  pom.version = pom.version.replace('-SNAPSHOT', '')
  pom.properties['new'] = 'x'
  pom.getDependencies().remove(0)
  writeMavenPom model: pom, file: 'out/pom.xml'
  def again = readMavenPom file: 'out/pom.xml'
  assert again.getVersion() == '1.0' && again.properties.new == 'x' && again.dependencies.isEmpty()
  assert again.build.plugins[0].configuration.deep.er == '1'
}
)");
  expect_failure("node { readMavenPom() }", "pom.xml does not exist.");
  expect_failure(
      "node { writeFile file: 'pom.xml', text: '<!DOCTYPE p [<!ENTITY e SYSTEM "
      "\"file:///etc/passwd\">]><project>&e;</project>'\n readMavenPom() }",
      "a pom has no document type");
  expect_failure("node { writeMavenPom 'x' }", "writeMavenPom needs a model");
}

TEST(DataSteps, FilesInOtherEncodings) {
  expect_success(R"(
node {
  writeFile file: 'l', text: 'gr\u00fcn \u20ac', encoding: 'ISO-8859-15'
  assert readFile(file: 'l', encoding: 'iso-8859-15') == 'gr\u00fcn \u20ac'
  assert readFile(file: 'l', encoding: 'Base64') == 'Z3L8biCk'
  writeFile file: 'u', text: 'a\u20ac', encoding: 'UTF-16'
  assert readFile(file: 'u', encoding: 'Base64') == '/v8AYSCs'
  assert readFile(file: 'u', encoding: 'UTF-16') == 'a\u20ac'
  writeFile file: 'q', text: '\u20ac!', encoding: 'US-ASCII'
  assert readFile('q') == '?!'
  writeFile file: 'b', text: 'AAEC/w==', encoding: 'Base64'
  assert readFile(file: 'b', encoding: 'Base64') == 'AAEC/w=='
}
)");
  expect_failure("node { writeFile file: 'a', text: 'x', encoding: 'klingon' }",
                 "java.nio.charset.UnsupportedCharsetException: klingon");
}

}  // namespace
}  // namespace ks::engine
