import groovy.json.*
import java.util.regex.Pattern
import static java.lang.Math.max
import java.util.concurrent.TimeUnit as TU
class Config implements Serializable {
  private static final long serialVersionUID = 1L
  static final Map<String, List<String>> ENVS = [dev: ['a', 'b'], prod: ['c']]
  private final Map<String, Object> data = [:]
  def script
  Config(script, Map<String, Object> init = [:]) { this.script = script; data.putAll(init) }
  Config set(String k, v) { data[k] = v; return this }
  def get(String k, dflt = null) { data.containsKey(k) ? data.get(k) : dflt }
  static Config of(Map args) { new Config(null, args) }
  List<String> envs() { ENVS.collectMany { k, v -> v.collect { "$k-$it".toString() } } }
  @Override String toString() { "Config${data}" }
  protected <T> T ident(T t) { t }
  def each(Closure c) { data.each { k, v -> c(k, v) } }
  def propertyMissing(String n) { data[n] }
  def propertyMissing(String n, v) { data[n] = v }
  static class Builder { Map m = [:]; Builder with(String k, v) { m[k] = v; this }; Config build() { new Config(null, m) } }
}
def cfg = Config.of(a: 1, b: [c: 2]).set('z', 26)
println cfg
println cfg.get('a') + cfg.get('q', 'dflt') + cfg.envs()
cfg.newProp = 5; println cfg.newProp + ' ' + cfg.a
cfg.each { k, v -> print "$k=$v;" }; println()
println new Config.Builder().with('x', 1).with('y', 2).build()
println Config.ENVS.prod[0] + Config.ENVS['dev'].size()
println max(3, 9) + ' ' + TU.MINUTES.toSeconds(2)
def json = new JsonSlurper().parseText('{"name":"x","list":[1,2.5,{"k":null}],"big":123456789012,"neg":-1e3,"esc":"a\\u0041\\n"}')
println json.name + json.list[1].class.simpleName + json.list[2].k + json.big.class.simpleName + json.neg + json.esc
println JsonOutput.toJson([a: [1, 'two', null, true, 2.50], d: [:], e: []])
println JsonOutput.prettyPrint(JsonOutput.toJson([a: [1, 2], m: [x: [:], y: []], s: 'q"t']))
println new JsonBuilder([k: 'v', l: [1]]).toPrettyString()
def b = new JsonBuilder(); b.person { name 'Bob'; tags 'a', 'b'; addr { city 'X' } }; println b.toString()
def text = '''version=1.2.3
name = test
# comment
url=http://x/y?z=1'''
def props = text.readLines().findAll { it && !it.startsWith('#') }.collectEntries { def (k, v) = it.split('=', 2)*.trim(); [(k): v] }
println props
def mt = 'v1.22.333-rc1' =~ /v(\d+)\.(\d+)\.(\d+)(?:-(.*))?/
if (mt.matches()) println mt.group(1) + '|' + mt.group(2) + '|' + mt.group(4) + '|' + mt.groupCount()
println mt[0] as String
println 'a.b.c'.replace('.', '/') + 'x1y2'.replaceAll('[0-9]', '#') + 'aaa'.replaceFirst('a', 'b') + 'A_B'.toLowerCase().split('_').collect { it.capitalize() }.join('')
println 'feature/JIRA-123-some'.replaceAll(/[^A-Za-z0-9]+/, '-').take(12).toLowerCase()
println Pattern.compile('(?i)ABC').matcher('xabcx').find()
println 1
println 'key: value: more'.split(': ', 2) as List
println 'line1\nline2\n'.eachLine { it.size() } + ' ' + 'a\nb'.readLines()
println 'camelCaseString'.replaceAll(/([A-Z])/) { all, g -> '_' + g.toLowerCase() }
println String.format('%-10s|%5d|%05.1f|%s', 'ab', 42, 3.14159, [1]) + sprintf('%x %o %e %b %c %%', 255, 8, 12345.678, true, 'c' as char)
println 'abc'.each { print it.toUpperCase() + ' ' }
println((1..3).collectEntries { [it, it * it] } + [*: [x: 1], y: 2])
println([[id: 1, n: 'b'], [id: 2, n: 'a']].sort { it.n }*.id + [[1, 'x'], [2, 'y']].collectEntries().values() + [1, 2, 3, 4].findAll { it % 2 }.collect { it ** 2 })
println([b: 2, a: 1].sort().keySet() + [b: 2, a: 1].sort { -it.value }.keySet() + [a: 1, b: 2].max { it.value }.key)
println([1, 2, 3, 4, 5, 6].groupBy { it % 3 }.collect { k, v -> "$k:${v.join('')}" }.join(' ') + ['apple', 'bob', 'cat'].groupBy { it.size() })
println([1, [2, [3, null]]].flatten().findAll { it != null }.reverse() + [3, 1, 2].sort().reverse() + [1, 2, 2, 3].unique() + ([1, 2] as Set).plus(3) + [1, 2].intersect([2]) + [[1, 2], [3]].sum())
println(['a', 'b', 'c'].withIndex().collect { e, i -> "$i$e" } + ['x', 'y'].indexed().collect { i, e -> "$i$e" } + ('a'..'e').step(2) + (10..1).step(3))
def list = [5, 3, 8]; list.sort(); list.add(0, 1); list.remove(0); list.remove((Object) 8); list << 9; list.addAll([1, 2]); list.removeAll { it < 2 }; list.retainAll([3, 5, 9]); println list + list.indexOf(5) + list.contains(9) + list.subList(0, 2) + list.min() + list.max() + list.sum() + list.first() + list.last() + list.head() + list.tail()
def st = new Stack(); st.push(1); st.push(2); println st.pop() + st.peek() + st.size()
def q = new LinkedList([1, 2, 3]); q.addFirst(0); q.removeLast(); println q + q.poll() + q.peekFirst()
def tm = new TreeMap([c: 1, a: 2]); println tm.firstKey() + tm + tm.headMap('c') + new TreeSet([3, 1, 2]).first()
Map<String, Integer> typed = new HashMap<>(); typed['x'] = 1; println typed.getOrDefault('y', 7) + typed.computeIfAbsent('z') { 9 } + typed.size()
def im = [1, 2].asImmutable(); try { im << 3 } catch (UnsupportedOperationException e) { println 'unsupported ' + e.message }
try { [a: 1].asImmutable().b = 2 } catch (UnsupportedOperationException e) { println 'unsupported map' }
try { for (x in list) { if (x == 3) list.remove((Object) x) }; println list } catch (ConcurrentModificationException e) { println 'CME' }
try { 'abc'.toInteger() } catch (NumberFormatException e) { println e.message }
try { Integer.parseInt('') } catch (NumberFormatException e) { println e.message }
try { (Integer) 'x' } catch (ClassCastException e) { println e.message }
try { Object o = 'str'; ((List) o).size() } catch (ClassCastException e) { println e.message }
try { [1, 2].get(5) } catch (IndexOutOfBoundsException e) { println e.message }
try { 'abc'[10] } catch (StringIndexOutOfBoundsException e) { println e.message }
try { new int[2][5] } catch (ArrayIndexOutOfBoundsException e) { println e.message }
try { [:].foo.bar } catch (NullPointerException e) { println e.message }
try { assert 'abc'.size() == [1, 2].size() + 2 } catch (AssertionError e) { println e.message }
try { def v = 5; assert v > 3 && v < 4 : "v was $v" } catch (AssertionError e) { println e.message }
try { throw new Exception('a', new RuntimeException('b')) } catch (Exception e) { println "$e ${e.cause} ${e.getMessage()} ${e.stackTrace.length > 0}" }
println new Date(0).format("yyyy-MM-dd'T'HH:mm:ss'Z'", TimeZone.getTimeZone('UTC')) + ' ' + Date.parse('yyyy-MM-dd HH:mm', '2024-03-10 12:30').format('EEE, d MMM yyyy h:mm a')
println new java.text.SimpleDateFormat('yyyyMMdd').parse('20240229').plus(1).format('yyyy-MM-dd') + (Date.parse('yyyy-MM-dd', '2024-03-01') - Date.parse('yyyy-MM-dd', '2024-02-01'))
println UUID.fromString('00000000-0000-0000-0000-000000000001').toString() + Base64.encoder.encodeToString('hi'.bytes) + new String('aGk='.decodeBase64()) + 'hi'.bytes.encodeBase64()
println java.security.MessageDigest.getInstance('SHA-256').digest('x'.bytes).encodeHex().toString().take(16) + 'abc'.hashCode()
println Arrays.asList(3, 1, 2).sort() + Collections.max([1, 5, 3]) + Objects.equals(null, null) + Optional.ofNullable(null).orElse('o')
println(([1, 2, 3] as int[]) as List); int[][] grid = new int[2][3]; grid[1][2] = 7; println grid[1].sum()
println "${'x'.equals("${'x'}")} ${' '.concat('b')} ${'abc'.compareTo('abd')} ${'a'.compareToIgnoreCase('B')} ${'Hello'.chars.length} ${'hello'.indexOf('l', 3)} ${'Hi'.equalsIgnoreCase('hI')}"
