#include <fmt/format.h>
#include <cmath>

#include "groovy/gdk/library.h"
#include "groovy/gdk/support.h"
#include "groovy/runtime/text.h"

/// java.util.Formatter behind String.format, printf and sprintf.

namespace ks::groovy {

namespace {

struct Spec {
  size_t index = 0;  ///< from 1; 0: the next one
  bool left = false, sign = false, space = false, zero = false, group = false, parentheses = false,
       alternate = false;
  size_t width = 0;
  std::optional<int> precision;
  char conversion = 's';
  bool upper = false;
};

class Formatter {
 public:
  Formatter(Task& task, std::string_view pattern, Args args)
      : task_(task), pattern_(pattern), args_(args) {}

  std::string run() {
    for (size_t i = 0; i < pattern_.size(); ++i) {
      if (pattern_[i] != '%') {
        out_ += pattern_[i];
        continue;
      }
      Spec spec = parse(++i);
      apply(spec);
      task_.heap().check_string(out_.size());
    }
    return std::move(out_);
  }

 private:
  [[noreturn]] void unknown(char conversion) {
    throw_error(task_, "java.util.UnknownFormatConversionException",
                fmt::format("Conversion = '{}'", conversion));
  }

  Spec parse(size_t& i) {
    Spec spec;
    size_t digits = i;
    while (digits < pattern_.size() &&
           std::isdigit(static_cast<unsigned char>(pattern_[digits])) != 0)
      ++digits;
    if (digits > i && digits - i < 4 && digits < pattern_.size() && pattern_[digits] == '$') {
      spec.index = static_cast<size_t>(std::stoi(std::string(pattern_.substr(i, digits - i))));
      i = digits + 1;
    }
    for (; i < pattern_.size(); ++i) {
      char c = pattern_[i];
      if (c == '-') {
        spec.left = true;
      } else if (c == '+') {
        spec.sign = true;
      } else if (c == ' ') {
        spec.space = true;
      } else if (c == '0') {
        spec.zero = true;
      } else if (c == ',') {
        spec.group = true;
      } else if (c == '(') {
        spec.parentheses = true;
      } else if (c == '#') {
        spec.alternate = true;
      } else {
        break;
      }
    }
    spec.width = number(i);
    if (i < pattern_.size() && pattern_[i] == '.') spec.precision = static_cast<int>(number(++i));
    if (i >= pattern_.size()) unknown('%');
    char c = pattern_[i];
    spec.upper = std::isupper(static_cast<unsigned char>(c)) != 0;
    spec.conversion = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (!std::string_view("bhscdoxefgan%t").contains(spec.conversion)) unknown(c);
    return spec;
  }

  size_t number(size_t& i) {
    size_t value = 0;
    for (; i < pattern_.size() && std::isdigit(static_cast<unsigned char>(pattern_[i])) != 0; ++i) {
      value = std::min<size_t>(value * 10 + static_cast<size_t>(pattern_[i] - '0'), 100'000'000);
    }
    return value;
  }

  const Value& argument(const Spec& spec) {
    size_t index = spec.index > 0 ? spec.index - 1 : next_++;
    if (index >= args_.size()) {
      throw_error(task_, "java.util.MissingFormatArgumentException",
                  fmt::format("Format specifier '%{}'", spec.conversion));
    }
    return args_[index];
  }

  void apply(const Spec& spec) {
    if (spec.conversion == 'n') {
      out_ += '\n';
      return;
    }
    if (spec.conversion == '%') return pad("%", spec);
    const Value& value = argument(spec);
    std::string text;
    switch (spec.conversion) {
      case 'b':
        text = value.is_null() ? "false" : value.is_bool() && !value.as_bool() ? "false" : "true";
        break;
      case 's':
        text = java_text(task_, value);
        if (spec.precision && utf16_length(text) > static_cast<size_t>(*spec.precision)) {
          text.resize(byte_offset(text, static_cast<size_t>(*spec.precision)));
        }
        break;
      case 'h':
        text = value.is_null() ? "null"
                               : fmt::format("{:x}", static_cast<uint32_t>(hash_of(task_, value)));
        break;
      case 'c': text = value.is_null() ? "null" : character(value); break;
      case 'd': text = value.is_null() ? "null" : integer(value, spec); break;
      case 'x':
      case 'o': text = value.is_null() ? "null" : radix(value, spec); break;
      case 't':
        throw_error(task_, "java.util.IllegalFormatConversionException",
                    "dates are formatted by Date.format()");
      default: text = value.is_null() ? "null" : floating(value, spec); break;
    }
    if (spec.upper) {
      for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    pad(text, spec);
  }

  void pad(const std::string& text, const Spec& spec) {
    size_t length = utf16_length(text);
    size_t missing = spec.width > length ? spec.width - length : 0;
    task_.heap().check_string(out_.size() + missing);
    if (!spec.left) out_.append(missing, ' ');
    out_ += text;
    if (spec.left) out_.append(missing, ' ');
  }

  [[noreturn]] void wrong(const Value& value, char conversion) {
    throw_error(task_, "java.util.IllegalFormatConversionException",
                fmt::format("{} != {}", conversion, class_name_of(value)));
  }

  std::string character(const Value& value) {
    if (value.kind() == Kind::character) return char_text(value.as_char());
    if (value.is_integral()) return char_text(static_cast<uint16_t>(value.as_long()));
    wrong(value, 'c');
  }

  std::string signed_digits(std::string digits, bool negative, const Spec& spec) {
    if (spec.group) {
      size_t end = std::min(digits.find('.'), digits.size());
      for (size_t at = end; at > 3; at -= 3) digits.insert(at - 3, ",");
    }
    std::string front = negative     ? (spec.parentheses ? "(" : "-")
                        : spec.sign  ? "+"
                        : spec.space ? " "
                                     : "";
    std::string back = negative && spec.parentheses ? ")" : "";
    if (spec.zero && !spec.left) {
      size_t length = front.size() + digits.size() + back.size();
      task_.heap().check_string(spec.width);
      if (spec.width > length) digits.insert(0, spec.width - length, '0');
    }
    return front + digits + back;
  }

  std::string integer(const Value& value, const Spec& spec) {
    if (!value.is_integral() && !value.is<BigInteger>()) wrong(value, 'd');
    std::string digits = big_value(value).to_string();
    bool negative = digits[0] == '-';
    return signed_digits(negative ? digits.substr(1) : digits, negative, spec);
  }

  std::string radix(const Value& value, const Spec& spec) {
    int base = spec.conversion == 'x' ? 16 : 8;
    if (!value.is_integral() && !value.is<BigInteger>()) wrong(value, spec.conversion);
    BigNumber number = big_value(value);
    if (!value.is_object() && number.sign() < 0) {
      int bits = value.kind() == Kind::long_    ? 64
                 : value.kind() == Kind::byte_  ? 8
                 : value.kind() == Kind::short_ ? 16
                                                : 32;
      BigNumber all;
      mpz_setbit(all.get(), static_cast<mp_bitcnt_t>(bits));
      mpz_add(number.get(), number.get(), all.get());
    }
    std::string digits = number.to_string(base);
    if (spec.alternate) digits.insert(0, base == 16 ? "0x" : "0");
    if (spec.zero && spec.width > digits.size()) digits.insert(0, spec.width - digits.size(), '0');
    return digits;
  }

  std::string floating(const Value& value, const Spec& spec) {
    if (!value.is_floating() && !value.is<BigDecimal>()) wrong(value, spec.conversion);
    int precision = std::min(spec.precision.value_or(6), 10'000);
    if (value.is_floating() && !std::isfinite(value.as_double())) {
      return std::isnan(value.as_double()) ? "NaN"
             : value.as_double() < 0       ? "-Infinity"
                                           : "Infinity";
    }
    if (spec.conversion == 'f') {
      // Java rounds the decimal text half up.
      Decimal rounded =
          round_to_scale(decimal_value(value), precision, Rounding::half_up).value_or(Decimal{});
      std::string digits = rounded.to_plain_string();
      bool negative = digits[0] == '-';
      return signed_digits(negative ? digits.substr(1) : digits, negative, spec);
    }
    double number = double_value(value);
    std::string digits;
    if (spec.conversion == 'e') {
      digits = fmt::format("{:.{}e}", std::abs(number), precision);
    } else {
      double size = std::abs(number);
      int significant = std::max(precision, 1);
      if (size != 0 && (size < 1e-4 || size >= std::pow(10, significant))) {
        digits = fmt::format("{:.{}e}", size, significant - 1);
      } else {
        int whole = size == 0 ? 1 : static_cast<int>(std::floor(std::log10(size))) + 1;
        digits = fmt::format("{:.{}f}", size, std::max(0, significant - whole));
      }
    }
    return signed_digits(digits, std::signbit(number), spec);
  }

  Task& task_;
  std::string_view pattern_;
  Args args_;
  std::string out_;
  size_t next_ = 0;
};

/// Arguments behind the pattern; one array stands for its items, and for Groovy's own printf and
/// sprintf one list does, too.
std::vector<Value> arguments(Call& c, size_t from, bool lists) {
  std::vector<Value> out(c.args.begin() + static_cast<std::ptrdiff_t>(from), c.args.end());
  if (out.size() != 1) return out;
  bool spread = out[0].is<Array>() || (lists && (out[0].is<List>() || out[0].is<Range>()));
  return spread ? items_of(c.task, out[0]) : out;
}
std::string formatted(Call& c, size_t pattern, bool lists = true) {
  std::vector<Value> args = arguments(c, pattern + 1, lists);
  return format_text(c.task, c.text(pattern), args);
}
Value format_static(Call& c) {
  bool with_locale = !(c.arg(0).is<String>() || c.arg(0).is<GString>());
  return text(c, formatted(c, with_locale ? 1 : 0, false));
}
Value format_self(Call& c) {
  std::vector<Value> args = arguments(c, 0, false);
  return text(c, format_text(c.task, c.self_text(), args));
}
Value sprintf_of(Call& c) { return text(c, formatted(c, 0)); }
Value printf_of(Call& c) {
  c.in.host().print(c.task, formatted(c, 0));
  return {};
}

constexpr MethodRow kRows[] = {
    {"java.lang.String", "static format", "OO*", format_static},
    {"java.lang.String", "formatted", "O*", format_self},
    {"java.lang.Object", "sprintf", "SO*", sprintf_of},
    {"java.lang.Object", "printf", "SO*", printf_of},
    {"java.io.PrintStream", "printf", "SO*", printf_of},
    {"java.io.PrintStream", "format", "SO*", printf_of},
};

}  // namespace

std::string format_text(Task& task, std::string_view pattern, Args args) {
  return Formatter(task, pattern, args).run();
}

LibraryPart format_methods() { return {{}, kRows}; }

}  // namespace ks::groovy
