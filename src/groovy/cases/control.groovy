def name = 'bob'; def o = [a: [b: 'deep']]
println 'a\'b"c\\d\u0041\t|'
println "x\$y ${1 + 1} $name $o.a.b ${o.a.b.toUpperCase()} ${-> name}"
println """multi
 "quoted" $name
"""
println '''raw $name
x'''
println(/slashy \d+ $name/ + $/dollar $$ $name /x/$)
println "a" + 1 + 2 + 'b' * 2 + ['x'] + [k: 1] + null + 1.50 + 2L + 'c'.charAt(0)
println "${'nested ' + "${name + '!'}"}"
def gs = "v=${name}"; name = 'al'; println gs; def lz = "v=${-> name}"; name = 'zz'; println lz
println gs.class.simpleName + (gs == 'v=bob') + ('v=bob' == gs) + gs.equals('v=bob') + [(gs): 1]['v=bob'] + ["$name": 2].zz
// multiple assignment & swap
def (a, b, c) = [1, 2]; println "$a $b $c"; (a, b) = [b, a]; println "$a $b"
def (int x, String y) = ['5' as int, 6]; println x + 1 + y
// control
def out = []
for (int i = 0; i < 10; i += 3) { out << "$i" }; println out
for (k in [a: 1, b: 2]) { out = [k.key, k.value] }; println out
for (ch in 'abc') print ch; println()
for (def q : [1, 2]) print q; println()
int w = 0; while (true) { if (w++ > 3) break; if (w % 2) continue; print w }; println()
outer: for (i in 0..3) { for (j in 0..3) { if (j == 2) continue outer; if (i == 2) break outer; print "$i$j " } }; println()
def sw(v) { switch (v) { case null: return 'null'; case 1: case 2: return '1or2'; case 'a'..'c': return 'a-c'; case { it instanceof Number && it > 100 }: return 'big'; case [7, 8]: return '7or8'; case ~/z+/: return 'zs'; case Map: return 'map'; case Number: return 'num'; default: return 'def' } }
println([null, 1, 2, 'b', 500, 7, 'zzz', [:], 3.5, 'q'].collect { sw(it) })
def t(n) { try { if (n == 1) throw new IllegalStateException('ise'); if (n == 2) throw new Error('err'); if (n == 3) return 'ret'; 'ok' } catch (IllegalArgumentException | IllegalStateException e) { "c:${e.message}" } catch (Throwable e) { "t:$e" } finally { print "[f$n]" } }
println t(0) + t(1) + t(2) + t(3)
try { try { throw new Exception('inner') } finally { println 'fin' } } catch (e) { println "outer ${e.message} ${e.cause}" }
try { throw new RuntimeException('wrap', new IOException('root')) } catch (e) { println e.cause.class.name + e.cause.message + e }
class MyEx extends RuntimeException { int code; MyEx(String m, int c) { super(m); code = c } }
try { throw new MyEx('custom', 42) } catch (MyEx e) { println "${e.message} ${e.code} ${e instanceof RuntimeException} $e" }
println({ -> try { 1 } finally { 2 } }())
// operators
println 5 / 2 + ' ' + 5.intdiv(2) + ' ' + -5 % 3 + ' ' + 2 ** 3 + ' ' + (5 <=> 3) + ' ' + (1..5) + ' ' + !true + ' ' + ~7 + ' ' + (6 & 3) + (6 | 3) + (6 ^ 3) + (1 << 3) + (-8 >> 1) + (-8 >>> 28)
println([1, 2, 3] + 4 + [5] - 2 << 9)
println(null?.foo + '' + (null ?: 'elvis') + ('' ?: 'empty') + (0 ?: 'zero') + ([] ?: 'list'))
println([1, [2, 3]]*.toString() + ['a', null]*.length())
def m = [a: 1]; m.b = 2; m['c'] = 3; m."d e" = 4; m << [f: 5]; m += [g: 6]; println m
m.a++; m.b += 10; m['c'] *= 2; println m
def l = [1, 2, 3]; l[5] = 6; l[-1] = 7; l[0] += 10; println l + l[1..2] + l[-2..-1]
println 'x'.with { it + 1 } + (1 as String) + ('5' as int) + (3.9 as int) + ('c' as char) + ([1, 2] as Set) + ('1.5' as BigDecimal) + (65 as char) + ('abc' as List)
int ii = 3.7; long ll = 5; double dd = 1; float ff = 2.5f; byte bb = 300; char cc = 'x'; String ss = 123; boolean bo = 'x'; println "$ii $ll $dd $ff $bb $cc $ss $bo"
println 10 == 10L && 10.0 == 10 && 1.0f == 1.0 && 'a' != 'b' && !(null == 0) && [1] != [2]
println "${1.is(1)} ${[].is([])} ${"a" in ["a", "b"]} ${2 in 1..3} ${"k" in [k: 1]}"
println Integer.MAX_VALUE + 1; println Long.MAX_VALUE + 1; println 0.1 + 0.2 == 0.3; println 0.1d + 0.2d == 0.3d; println 1e400 > 1; println 1.0 / 3 * 3
println 010 + 0x1F + 0b101 + 1_000 + 1G + 2.5G + 1L + 1i + 1.5d
println "abc" <=> "abd"; println "a" + "b" <=> "ab"
