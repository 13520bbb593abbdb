#include <fmt/format.h>
#include <algorithm>

#include "groovy/eval/user_class.h"
#include "groovy/gdk/library.h"
#include "groovy/runtime/dispatch.h"
#include "groovy/runtime/errors.h"
#include "groovy/runtime/operators.h"
#include "groovy/runtime/state.h"

/// groovy.lang.Closure, and the closures that are made of others.

namespace ks::groovy {

std::vector<ClassInfo*> Closure::parameter_types(Task&) const {
  return std::vector<ClassInfo*>(static_cast<size_t>(std::max(parameter_count(), 0)),
                                 types().object);
}

Value NativeClosure::call(Task& task, Args args) {
  NestingScope nesting(
      task);  // composed closures call each other without an activation of the script between
  Ref<NativeClosure> kept_alive(this);
  return function(task, args);
}

Ref<Closure> NativeClosure::clone(Heap& heap) const {
  Ref<NativeClosure> copy = heap.make<NativeClosure>(function, count, kept);
  copy->owner = owner;
  copy->self = self;
  copy->delegate = delegate;
  copy->strategy = strategy;
  return Ref<Closure>(copy.get());
}

Value MethodClosure::call(Task& task, Args args) {
  NestingScope nesting(task);
  Ref<MethodClosure> kept(this);
  const Name& method = name_of(task, name);
  Value receiver = owner;
  if (auto* cls = receiver.as<ClassInfo>()) {
    if (method.text == "new") return construct(task, cls, args);
    if (std::optional<Value> out = try_call_static(task, cls, method, args)) return std::move(*out);
    if (!args.empty()) return call_method(task, args[0], method, args.subspan(1));
  }
  return call_method(task, receiver, method, args);
}

Ref<Closure> MethodClosure::clone(Heap& heap) const {
  Ref<MethodClosure> copy = heap.make<MethodClosure>(owner, name);
  copy->delegate = delegate;
  return Ref<Closure>(copy.get());
}

int MethodClosure::parameter_count() const {
  const Name method(name);
  ClassInfo* cls = owner.is<ClassInfo>() ? owner.as<ClassInfo>() : class_of(owner);
  if (cls->is_user) {
    const std::vector<MethodRef>* overloads = static_cast<UserClass*>(cls)->find_methods(method);
    if (overloads != nullptr)
      return static_cast<int>(overloads->front().def->code.parameters.size());
  }
  const MethodGroup* statics = owner.is<ClassInfo>() ? method_group("static " + name) : nullptr;
  if (statics != nullptr) {
    int most = -1;
    for (const Method& each : statics->methods) {
      if (cls->is_a(each.cls)) most = std::max(most, static_cast<int>(each.signature.size()));
    }
    if (most >= 0) return most;
  }
  if (method.methods != nullptr) {
    for (const Method& each : method.methods->methods) {
      if (cls->is_a(each.cls)) return static_cast<int>(each.signature.size());
    }
  }
  return 0;
}

namespace {

/// With variable arguments the bound ones may lie among those, or behind.
std::vector<ClassInfo*> types_left_of_rest(std::vector<ClassInfo*> all, int at, int bound) {
  ClassInfo* rest = all.back();
  ClassInfo* element = rest->element == nullptr ? types().object : rest->element;
  all.pop_back();
  const auto fixed = static_cast<int>(all.size());
  std::vector<ClassInfo*> left;
  if (at >= 0) {
    for (int i = 0; i < fixed; ++i) {
      if (i < at || i >= at + bound) left.push_back(all[static_cast<size_t>(i)]);
    }
    for (int i = fixed; i < at; ++i) left.push_back(element);
  } else {
    const int behind = -at;
    const int gone = behind > fixed ? fixed : std::min(bound, fixed);
    for (int i = 0; i < fixed - behind; ++i) left.push_back(all[static_cast<size_t>(i)]);
    for (int i = 0; i < fixed - gone; ++i) left.push_back(types().object);
    for (int i = fixed - gone; i < behind - bound; ++i) left.push_back(element);
  }
  left.push_back(rest);
  return left;
}

}  // namespace

Value CurriedClosure::call(Task& task, Args args) {
  NestingScope nesting(task);
  Ref<CurriedClosure> kept(this);
  std::vector<Value> all(args.begin(), args.end());
  const int most = static_cast<int>(args.size() + bound.size());
  const int from_start = at >= 0 ? at : at + most;
  const bool outside = from_start < 0 || from_start > static_cast<int>(args.size());
  if (outside && takes_rest_) {
    throw_error(task, "java.lang.IllegalArgumentException",
                fmt::format("When currying expected index range between {}..{} but found {}", -most,
                            most, at));
  }
  const size_t position = std::min(static_cast<size_t>(std::max(from_start, 0)), all.size());
  all.insert(all.begin() + static_cast<std::ptrdiff_t>(position), bound.begin(), bound.end());
  Ref<Closure> inner = base;
  if (!delegate.same(base->delegate) || strategy != base->strategy) {
    inner = base->clone(task.heap());
    inner->delegate = delegate;
    inner->strategy = strategy;
  }
  return inner->call(task, all);
}

Ref<Closure> CurriedClosure::clone(Heap& heap) const {
  Ref<CurriedClosure> copy = heap.make<CurriedClosure>(base, at, bound);
  copy->delegate = delegate;
  copy->strategy = strategy;
  return Ref<Closure>(copy.get());
}

std::vector<ClassInfo*> CurriedClosure::parameter_types(Task& task) const {
  NestingScope nesting(task);
  std::vector<ClassInfo*> all = base->parameter_types(task);
  if (takes_rest_ && !all.empty())
    return types_left_of_rest(std::move(all), at, static_cast<int>(bound.size()));
  size_t gone = std::min(bound.size(), all.size());
  size_t from = at >= 0 ? std::min(static_cast<size_t>(at), all.size() - gone) : all.size() - gone;
  all.erase(all.begin() + static_cast<std::ptrdiff_t>(from),
            all.begin() + static_cast<std::ptrdiff_t>(from + gone));
  return all;
}

namespace {

constexpr std::string_view kClosure = "groovy.lang.Closure";

Closure& self(Call& c) { return *c.self.as<Closure>(); }
Value call_self(Call& c) { return self(c).call(c.task, c.args); }

/// An Object[] alone stands for its items, as for any variable arguments.
std::vector<Value> spread_args(Args args) {
  if (args.size() == 1 && args[0].is<Array>() && args[0].as<Array>()->element == types().object) {
    return args[0].as<Array>()->items;
  }
  return {args.begin(), args.end()};
}
/// Binds values from argument `at` on; a negative one counts from the end.
Value curried(Call& c, int at, std::vector<Value> bound) {
  const int count = self(c).parameter_count();
  const auto values = static_cast<int>(bound.size());
  // How many a method takes may be known only once it is called.
  const bool is_method = dynamic_cast<MethodClosure*>(&self(c)) != nullptr;
  if (!is_method && !self(c).takes_rest()) {
    if (values > count) {
      throw_error(
          c.task, "java.lang.IllegalArgumentException",
          fmt::format("Can't curry {} arguments for a closure with {} parameters.", values, count));
    }
    const int least = at < 0 ? -count : 0;
    const int most = at < 0 ? -values : count - values;
    if (at < least || at > most) {
      throw_error(c.task, "java.lang.IllegalArgumentException",
                  fmt::format("To curry {} argument(s) expect index range {}..{} but found {}",
                              values, least, most, at));
    }
    if (at < 0) at += count;
  }
  return c.heap().make<CurriedClosure>(Ref<Closure>(&self(c)), at, std::move(bound));
}
Value curry(Call& c) { return curried(c, 0, spread_args(c.args)); }
Value rcurry(Call& c) {
  std::vector<Value> bound = spread_args(c.args);
  const int at = -static_cast<int>(bound.size());
  return curried(c, at, std::move(bound));
}
Value ncurry(Call& c) {
  std::vector<Value> bound(c.args.begin() + 1, c.args.end());
  return curried(c, c.to_int(0), std::move(bound));
}

/// `first >> second`.
Value composed(Call& c, const Value& first, const Value& second) {
  int parameters = first.as<Closure>()->parameter_count();
  auto body = [first, second](Task& task, Args args) -> Value {
    Value middle = call_value(task, first, args);
    Value next[] = {middle};
    if (middle.is<List>() && second.as<Closure>()->parameter_count() > 1) {
      return call_value(task, second, middle.as<List>()->items);
    }
    return call_value(task, second, next);
  };
  Ref<NativeClosure> made = c.heap().make<NativeClosure>(std::move(body), parameters);
  made->owner = first.as<Closure>()->owner;
  made->delegate = first.as<Closure>()->delegate;
  return made;
}
Value right_shift(Call& c) { return composed(c, c.self, c.arg(0)); }
Value left_shift(Call& c) {
  if (!c.arg(0).is<Closure>()) return call_self(c);
  return composed(c, c.arg(0), c.self);
}

Value memoize_up_to(Call& c, size_t most) {
  Ref<Map> cache = c.heap().make<Map>();
  Value function = c.self;
  auto body = [cache, function, most](Task& task, Args args) -> Value {
    Value key = task.heap().make<List>(std::vector<Value>(args.begin(), args.end()));
    if (Table::Item* item = cache->table.find(task, key)) {
      Value known = item->value;
      cache->table.remove(task, key);  // the one used last goes last
      cache->table.put(task, key, known);
      return known;
    }
    Value result = call_value(task, function, args);
    if (most == 0) return result;
    cache->table.put(task, key, result);
    if (cache->table.size() > most) {
      Value oldest = cache->table.at(cache->table.begin()).key;
      cache->table.remove(task, oldest);
    }
    task.heap().grew(cache.get());
    return result;
  };
  Ref<NativeClosure> made =
      c.heap().make<NativeClosure>(std::move(body), self(c).parameter_count());
  made->types = self(c).parameter_types(c.task);
  return made;
}
Value memoize(Call& c) { return memoize_up_to(c, SIZE_MAX); }
Value memoize_at_most(Call& c) {
  int32_t most = c.to_int(c.count() - 1);
  if (most < 0) {
    throw_error(
        c.task, "java.lang.IllegalArgumentException",
        "A non-negative number is required as the maxCacheSize parameter for memoizeAtMost.");
  }
  return memoize_up_to(c, static_cast<size_t>(most));
}

Value get_delegate(Call& c) { return self(c).delegate; }
Value get_owner(Call& c) { return self(c).owner; }
Value get_this(Call& c) { return self(c).self; }
Value set_delegate(Call& c) {
  self(c).delegate = c.arg(0);
  return {};
}
Value set_strategy(Call& c) {
  int strategy = c.to_int(0);
  if (strategy >= 0 && strategy <= 4) self(c).strategy = static_cast<Resolve>(strategy);
  return {};
}
Value get_strategy(Call& c) { return Value::of_int(static_cast<int>(self(c).strategy)); }
Value parameter_count(Call& c) { return Value::of_int(self(c).parameter_count()); }
Value parameter_types(Call& c) {
  std::vector<Value> out;
  for (ClassInfo* each : self(c).parameter_types(c.task)) out.emplace_back(each);
  return make_array(c.task, types().klass, std::move(out));
}
Value clone_self(Call& c) { return self(c).clone(c.heap()); }
Value rehydrate(Call& c) {
  Ref<Closure> copy = self(c).clone(c.heap());
  copy->delegate = c.arg(0);
  copy->owner = c.arg(1);
  copy->self = c.arg(2);
  return copy;
}
Value dehydrate(Call& c) {
  Ref<Closure> copy = self(c).clone(c.heap());
  copy->delegate = {};
  copy->owner = {};
  copy->self = {};
  return copy;
}

/// Calls until something else than a trampolined closure comes back.
Value trampoline(Call& c) {
  Value first = c.count() == 0 ? c.self : Value(curry(c));
  auto body = [first](Task& task, Args args) -> Value {
    Value result = call_value(task, first, args);
    while (result.is<Closure>() && result.as<Closure>()->directive.is_bool()) {
      task.spend();
      result = call_value(task, static_cast<NativeClosure*>(result.as<Closure>())->kept[0], {});
    }
    return result;
  };
  Ref<NativeClosure> made = c.heap().make<NativeClosure>(std::move(body), self(c).parameter_count(),
                                                         std::vector<Value>{first});
  made->directive = Value::of_bool(true);
  return made;
}

constexpr MethodRow kRows[] = {
    {kClosure, "call", "O*", call_self},
    {kClosure, "doCall", "O*", call_self},
    {kClosure, "run", "", call_self},
    {kClosure, "compare", "OO", call_self},
    {kClosure, "curry", "O*", curry},
    {kClosure, "rcurry", "O*", rcurry},
    {kClosure, "ncurry", "IO*", ncurry},
    {kClosure, "rightShift", "C", right_shift},
    {kClosure, "leftShift", "O", left_shift},
    {kClosure, "memoize", "", memoize},
    {kClosure, "memoizeAtMost", "I", memoize_at_most},
    {kClosure, "memoizeAtLeast", "I", memoize},
    {kClosure, "memoizeBetween", "II", memoize_at_most},
    {kClosure, "getDelegate", "", get_delegate},
    {kClosure, "setDelegate", "O", set_delegate},
    {kClosure, "getOwner", "", get_owner},
    {kClosure, "getThisObject", "", get_this},
    {kClosure, "getResolveStrategy", "", get_strategy},
    {kClosure, "setResolveStrategy", "I", set_strategy},
    {kClosure, "getMaximumNumberOfParameters", "", parameter_count},
    {kClosure, "getParameterTypes", "", parameter_types},
    {kClosure, "clone", "", clone_self},
    {kClosure, "rehydrate", "OOO", rehydrate},
    {kClosure, "dehydrate", "", dehydrate},
    {kClosure, "asWritable", "", [](Call& c) -> Value { return c.self; }},
    {kClosure, "trampoline", "O*", trampoline},
    {kClosure, "static OWNER_FIRST", "=", [](Call&) -> Value { return Value::of_int(0); }},
    {kClosure, "static DELEGATE_FIRST", "=", [](Call&) -> Value { return Value::of_int(1); }},
    {kClosure, "static OWNER_ONLY", "=", [](Call&) -> Value { return Value::of_int(2); }},
    {kClosure, "static DELEGATE_ONLY", "=", [](Call&) -> Value { return Value::of_int(3); }},
    {kClosure, "static TO_SELF", "=", [](Call&) -> Value { return Value::of_int(4); }},
    {kClosure, "static DONE", "=", [](Call&) -> Value { return Value::of_int(1); }},
    {kClosure, "static SKIP", "=", [](Call&) -> Value { return Value::of_int(2); }},
    {kClosure, "static IDENTITY", "=",
     [](Call& c) -> Value {
       return c.heap().make<NativeClosure>(
           [](Task&, Args args) { return args.empty() ? Value{} : args[0]; }, 1);
     }},
};

}  // namespace

LibraryPart closure_methods() { return {{}, kRows}; }

}  // namespace ks::groovy
