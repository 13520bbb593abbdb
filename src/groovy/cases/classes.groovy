// classes
class P { String name; int age = 3; private secret = 's'; static count = 0; final fin = 9
  P() { count++ } 
  P(String n) { this(); name = n }
  def getUpper() { name?.toUpperCase() }
  void setNick(String n) { name = "nick-$n" }
  def methodMissing(String n, args) { "mm:$n:${args as List}" }
  def propertyMissing(String n) { "pm:$n" }
  String toString() { "P($name)" }
  boolean equals(o) { o instanceof P && o.name == name }
  int hashCode() { name.hashCode() }
  P plus(P o) { new P(name + o.name) }
  def getAt(int i) { name[i] }
  void putAt(int i, v) { name = name[0..<i] + v + name[i+1..-1] }
  def call(x) { "called $x" }
  def leftShift(x) { name += x; this }
  boolean asBoolean() { name != 'false' }
  int compareTo(o) { name <=> o.name }
  P next() { new P(name + '+') }
  P negative() { new P('-' + name) }
  def isCase(x) { x == name }
}
def p = new P('bob')
println p.upper + ' ' + p.foo + ' ' + p.bar(1, 2) + ' ' + P.count
p.nick = 'zed'; println p
p.name = 'abc'; p[1] = 'X'; println p[1] + p.name
println p + new P('q')
println p('arg')
p << 'more' << '!'; println p
println p ? 'truthy' : 'falsy'
println new P('false') ? 'truthy' : 'falsy'
println p == new P('aXcmore!')
def pp = p; pp++; println pp
println(-p)
println 'aXcmore!' in p
println p.with { age = 10; name = 'in with'; age + 1 }
println p.@secret
println p.properties.keySet().sort()
println new P(name: 'mapped', age: 7).with { "$name $age" }
try { p.fin = 1 } catch (e) { println e.class.simpleName + ': ' + e.message }
try { p.age = 'x' } catch (e) { println e.class.simpleName + ': ' + e.message }
// inheritance
abstract class Shape { abstract double area(); String describe() { "${this.class.simpleName} of ${area()}" } ; static make(k) { k } }
class Sq extends Shape { double s; double area() { s * s } ; String describe() { 'Sq:' + super.describe() } }
println new Sq(s: 2).describe()
println Sq.make(3)
interface Greet { String hi(String n); }
class G1 implements Greet { String hi(String n) { "hi $n" } }
println new G1().hi('x') + ' ' + (new G1() instanceof Greet)
def g2 = { "closure $it".toString() } as Greet; println g2.hi('y')
def g3 = [hi: { n -> "map $n".toString() }] as Greet; println g3.hi('z')
trait Fly { int alt = 1; def fly() { alt += 10; "flying at $alt" }; abstract String who(); def intro() { who() + ' ' + fly() } }
trait Swim { def swim() { 'swim' } }
class Duck implements Fly, Swim { String who() { 'duck' } }
def d = new Duck(); println d.intro() + ' ' + d.fly() + ' ' + d.swim() + ' ' + d.alt
enum Planet { EARTH(5.97), MARS(0.64) { def tag() { 'red' } }; final BigDecimal mass; Planet(m) { mass = m }; def tag() { 'none' } ; static heavy() { values().max { it.mass } } }
println Planet.MARS.tag() + Planet.EARTH.tag() + Planet.heavy() + Planet.valueOf('MARS').mass + Planet.values().length + Planet.EARTH.next() + Planet.MARS.ordinal()
switch (Planet.MARS) { case Planet.EARTH: println 'e'; break; case Planet.MARS: println 'm' }
println Planet.EARTH < Planet.MARS
println Planet.EARTH.compareTo(Planet.MARS)
// inner
class Outer { def v = 1; class In { def get() { v * 10 } }; static class SN { def x = 'sn' }; def mk() { new In().get() }; def anon() { def loc = 5; new Object() { String toString() { "anon $v $loc" } }.toString() } }
println new Outer().mk() + ' ' + new Outer.SN().x + ' ' + new Outer().anon()
// overloads
def f(String s) { 'S' }
def f(Integer i) { 'I' }
def f(Object o) { 'O' }
def f(List l) { 'L' }
def f(int a, int b = 2, String... rest) { "$a $b $rest" }
println f('a') + f(1) + f(1.5) + f([]) + f(null) + f("g${1}") + f(1, 3) + f(1, 3, 'x', 'y')
def va(Object... xs) { xs.length + ' ' + xs.class.simpleName }
println va() + va(1) + va(1, 2) + va([1, 2] as Object[]) + va([1, 2])
def named(Map m, x, y = 'dy') { "$m $x $y" }
println named(a: 1, 'x') + named('q', b: 2, 'z') + named([c: 3], 1)
static st() { 'static' }
println st()
// closures
def counter = { -> def n = 0; [inc: { ++n }, cnt: { n }] }()
counter.inc(); counter.inc(); println counter.cnt()
println([1, 2, 3].collect { x -> { y -> x + y }(10) })
def rec; rec = { n -> n <= 1 ? 1 : n * rec(n - 1) }; println rec(20) + ' ' + rec(25)
println({ it }.call(5) + { a, b = a * 2 -> a + b }.call(3))
println((1..3).collect { i -> (1..i).collect { j -> i * j } })
def comp = { it + 1 } >> { it * 2 } << { it - 3 }; println comp(10)
def cl = { owner.class.simpleName + ' ' + delegate.class.simpleName + ' ' + this.class.simpleName }; println cl()
cl = { foo() + bar }; cl.resolveStrategy = Closure.DELEGATE_FIRST
class Del { def foo() { 'delfoo' } ; def bar = 'delbar' }
cl.delegate = new Del(); println cl()
println cl.maximumNumberOfParameters + ' ' + { a, b -> }.maximumNumberOfParameters + ' ' + { -> }.maximumNumberOfParameters + { int a, String b -> }.parameterTypes
def meth = 'abc'.&toUpperCase; println meth() + ['x', 'y'].collect(this.&wrap)
def wrap(s) { "<$s>" }
println([3, 1, 2].sort { a, b -> b <=> a } + ['bb', 'a'].sort { it.size() })
println({ -> }.call() + ' ' + { }.call())

// type variables, and what overrides a method that takes one
class Box<T extends Comparable> {
  T held
  T put(T t) { held = t; t }
  static <K> List<K> pair(K a, K b) { K[] both = [a, b]; both.toList() }
}
class LongBox extends Box<Long> {
  Long put(Long l) { super.put(l * 2) }
}
println([new LongBox().put(4L), new Box<String>().put('x'), Box.pair('x', 1)])
try { new LongBox().put('x') } catch (ClassCastException e) { println e.message.take(41) }
try { new Box().put(new Object()) } catch (MissingMethodException e) { println e.message.readLines()[0].take(72) }
// arguments whose types the compiler knows
def kind(int a) { 'int' }
def kind(Integer a) { 'Integer' }
def kind(Object a) { 'Object' }
int typed = 1
def any = 1
println([kind(1), kind(typed), kind(any), kind(typed + 1), kind((int) any), kind(1L), kind(-1), { kind(1) }()])
// inner classes of superclasses by their short name
class Sizes extends HashMap {
  Entry first() { entrySet().iterator().next() }
}
println new Sizes().with { put("a", 1); first() }
