// Kubernetes' functions of lists, and CEL's of sets.

#include <algorithm>

#include "store/schema/cel/functions.h"

namespace ks::store::cel {
namespace {

Value no_overload() { return of_error(kNoOverload); }

Value is_sorted(Evaluation& in, Args a) {
  if (a[0].kind != Kind::list) return no_overload();
  for (size_t i = 1; i < size_of(a[0]); ++i) {
    if (!in.spend(1)) return in.out_of_steps();
    bool comparable = true;
    const int order =
        compare(element(a[0], i - 1, in.arena), element(a[0], i, in.arena), comparable);
    if (!comparable) return no_overload();
    if (order > 0) return of_bool(false);
  }
  return of_bool(true);
}

/// Sums by the `+` operator; of no elements 0.
Value sum(Evaluation& in, Args a) {
  if (a[0].kind != Kind::list) return no_overload();
  if (size_of(a[0]) == 0) return of_int(0);
  bool known = false;
  static const Function* const plus = find_function("_+_", false, 2, known);
  Value out = element(a[0], 0, in.arena);
  if (!out.is_number() && out.kind != Kind::duration) return no_overload();
  for (size_t i = 1; i < size_of(a[0]) && !out.is_error(); ++i) {
    if (!in.spend(1)) return in.out_of_steps();
    const Value both[] = {out, element(a[0], i, in.arena)};
    out = plus->call(in, Args(both));
  }
  return out;
}

Value extreme(Evaluation& in, Args a, int wanted, std::string_view name) {
  if (a[0].kind != Kind::list) return no_overload();
  if (size_of(a[0]) == 0) return in.arena.error(std::string(name) + " called on empty list");
  Value out = element(a[0], 0, in.arena);
  for (size_t i = 1; i < size_of(a[0]); ++i) {
    if (!in.spend(1)) return in.out_of_steps();
    const Value next = element(a[0], i, in.arena);
    bool comparable = true;
    const int order = compare(next, out, comparable);
    if (!comparable) return no_overload();
    if (order * wanted > 0) out = next;
  }
  return out;
}
Value min(Evaluation& in, Args a) { return extreme(in, a, -1, "min"); }
Value max(Evaluation& in, Args a) { return extreme(in, a, 1, "max"); }

bool holds(Evaluation& in, const Value& list, const Value& wanted) {
  for (size_t i = 0; i < size_of(list); ++i)
    if (equal(element(list, i, in.arena), wanted, in.arena, in.steps)) return true;
  return false;
}

bool holds_all(Evaluation& in, const Value& list, const Value& wanted) {
  for (size_t i = 0; i < size_of(wanted); ++i)
    if (!holds(in, list, element(wanted, i, in.arena))) return false;
  return true;
}

bool are_lists(Args a) { return a[0].kind == Kind::list && a[1].kind == Kind::list; }

Value sets_contains(Evaluation& in, Args a) {
  return are_lists(a) ? of_bool(holds_all(in, a[0], a[1])) : no_overload();
}
Value sets_equivalent(Evaluation& in, Args a) {
  if (!are_lists(a)) return no_overload();
  return of_bool(holds_all(in, a[0], a[1]) && holds_all(in, a[1], a[0]));
}
Value sets_intersects(Evaluation& in, Args a) {
  if (!are_lists(a)) return no_overload();
  for (size_t i = 0; i < size_of(a[0]); ++i)
    if (holds(in, a[1], element(a[0], i, in.arena))) return of_bool(true);
  return of_bool(false);
}

constexpr Function kLists[] = {
    {"isSorted", true, 1, 1, Kind::boolean, is_sorted},
    {"sum", true, 1, 1, Kind::error, sum},
    {"min", true, 1, 1, Kind::error, min},
    {"max", true, 1, 1, Kind::error, max},
    {"sets.contains", false, 2, 2, Kind::boolean, sets_contains},
    {"sets.equivalent", false, 2, 2, Kind::boolean, sets_equivalent},
    {"sets.intersects", false, 2, 2, Kind::boolean, sets_intersects},
};

}  // namespace

std::span<const Function> list_functions() { return kLists; }

}  // namespace ks::store::cel
