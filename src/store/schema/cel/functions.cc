#include "store/schema/cel/functions.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <unordered_map>

#include "store/schema/cel/time.h"

namespace ks::store::cel {
namespace {

using Table = std::unordered_multimap<std::string_view, const Function*>;

Table make_table() {
  Table out;
  for (const auto& functions : {operator_functions(), conversion_functions(), string_functions(),
                                list_functions(), time_functions(), optional_functions(),
                                quantity_functions(), address_functions(), format_functions()})
    for (const Function& function : functions) out.emplace(function.name, &function);
  return out;
}

}  // namespace

const Function* find_function(std::string_view name, bool member, size_t arguments, bool& known) {
  static const Table table = make_table();
  known = false;
  const auto [begin, end] = table.equal_range(name);
  for (auto each = begin; each != end; ++each) {
    const Function& function = *each->second;
    if (function.member != member) continue;
    known = true;
    if (arguments >= function.least && arguments <= function.most) return &function;
  }
  return nullptr;
}

std::string double_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Inf" : "+Inf";
  std::array<char, 512> buffer;
  const double size = std::abs(value);
  const bool plain = size == 0 || (size >= 1e-4 && size < 1e21);
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific);
  return {buffer.data(), end.ptr};
}

Value to_text(Evaluation& evaluation, const Value& value) {
  Arena& arena = evaluation.arena;
  switch (value.kind) {
    case Kind::boolean: return of_string(value.boolean ? "true" : "false");
    case Kind::integer: return arena.string(fmt::to_string(value.integer));
    case Kind::unsigned_integer: return arena.string(fmt::to_string(value.unsigned_integer));
    case Kind::real: return arena.string(double_text(value.real));
    case Kind::string:
    case Kind::type:
    case Kind::url:
    case Kind::ip:
    case Kind::cidr:
    case Kind::bytes: return of_string(value.text);
    case Kind::duration: return arena.string(format_duration(value.integer));
    case Kind::timestamp: return arena.string(format_timestamp({value.integer, value.nanos}));
    case Kind::error: return value;
    case Kind::null:
    case Kind::list:
    case Kind::map:
    case Kind::optional:
    case Kind::format:
    case Kind::quantity: break;
  }
  return of_error(kNoOverload);
}

}  // namespace ks::store::cel
