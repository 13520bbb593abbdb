#include <algorithm>
#include <cstring>
#include <string_view>

#include "groovy/ast.h"

namespace ks::groovy::ast {

Unit::Unit(std::string_view text) : source_(text) {
  line_starts_.push_back(0);
  for (size_t i = 0; i < source_.size(); ++i) {
    bool carriage_return =
        source_[i] == '\r' && (i + 1 == source_.size() || source_[i + 1] != '\n');
    if (source_[i] == '\n' || carriage_return) line_starts_.push_back(static_cast<uint32_t>(i + 1));
  }
}

std::string_view Unit::text(uint32_t begin, uint32_t end) const {
  std::string_view all = source_;
  return begin <= end && end <= all.size() ? all.substr(begin, end - begin) : std::string_view();
}

Position Unit::position(uint32_t offset) const {
  auto after = std::ranges::upper_bound(line_starts_, offset);
  auto line = static_cast<uint32_t>(after - line_starts_.begin());
  uint32_t start = line_starts_[line - 1];
  uint32_t column = 1;
  for (uint32_t i = start; i < offset && i < source_.size(); ++i) {
    auto byte = static_cast<unsigned char>(source_[i]);
    if ((byte & 0xC0) != 0x80) column += byte >= 0xF0 ? 2 : 1;
  }
  return {line, column};
}

std::string_view Unit::line(uint32_t number) const {
  if (number == 0 || number > line_starts_.size()) return {};
  uint32_t begin = line_starts_[number - 1];
  uint32_t end =
      number < line_starts_.size() ? line_starts_[number] : static_cast<uint32_t>(source_.size());
  std::string_view found = text(begin, end);
  while (!found.empty() && (found.back() == '\n' || found.back() == '\r')) found.remove_suffix(1);
  return found;
}

bool Entry::named() const {
  return key != nullptr || (value != nullptr && value->kind == Kind::spread_map);
}

std::string_view Entry::name() const {
  const auto* constant = as<Constant>(key);
  return constant != nullptr && constant->type == ConstantType::string ? constant->text
                                                                       : std::string_view();
}

bool Call::has_named_args() const {
  return std::ranges::any_of(args, [](const Entry* entry) { return entry->named(); });
}

std::string_view symbol(BinaryOp op) {
  switch (op) {
    case BinaryOp::add: return "+";
    case BinaryOp::subtract: return "-";
    case BinaryOp::multiply: return "*";
    case BinaryOp::divide: return "/";
    case BinaryOp::remainder: return "%";
    case BinaryOp::power: return "**";
    case BinaryOp::shift_left: return "<<";
    case BinaryOp::shift_right: return ">>";
    case BinaryOp::shift_right_unsigned: return ">>>";
    case BinaryOp::bit_and: return "&";
    case BinaryOp::bit_or: return "|";
    case BinaryOp::bit_xor: return "^";
    case BinaryOp::equal: return "==";
    case BinaryOp::not_equal: return "!=";
    case BinaryOp::identical: return "===";
    case BinaryOp::not_identical: return "!==";
    case BinaryOp::less: return "<";
    case BinaryOp::less_equal: return "<=";
    case BinaryOp::greater: return ">";
    case BinaryOp::greater_equal: return ">=";
    case BinaryOp::compare: return "<=>";
    case BinaryOp::find: return "=~";
    case BinaryOp::match: return "==~";
    case BinaryOp::in: return "in";
  }
  return "";
}

}  // namespace ks::groovy::ast
