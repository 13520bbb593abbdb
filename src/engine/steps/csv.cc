#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "engine/files.h"
#include "engine/host_classes.h"
#include "engine/values.h"

// readCSV, writeCSV, and the CSVFormat and CSVRecord that scripts see.

namespace ks::engine {
namespace {

constexpr std::string_view kFormatClass = "org.apache.commons.csv.CSVFormat";

struct Format {
  char delimiter = ',';
  char quote = '"';
  char comment = '\0';
  bool trim = false;
  bool skip_empty = true;
  bool first_is_header = false;
  bool skip_header = false;
  std::string separator = "\r\n";
  std::vector<std::string> header;
};

using Row = std::vector<std::string>;

/// RFC 4180 with the format's characters.
std::vector<Row> parse_rows(std::string_view text, const Format& format) {
  std::vector<Row> rows;
  size_t at = 0;
  if (text.starts_with("\xEF\xBB\xBF")) at = 3;
  while (at < text.size()) {
    if (format.comment != '\0' && text[at] == format.comment) {
      at = std::min(text.size(), text.find('\n', at)) + 1;
      continue;
    }
    Row row;
    bool ended = false, was_quoted = false;
    while (!ended) {
      std::string field;
      size_t begin = at;
      if (format.trim) begin = std::min(text.find_first_not_of(" \t", at), text.size());
      if (begin < text.size() && text[begin] == format.quote) {
        was_quoted = true;
        for (at = begin + 1; at < text.size(); at++) {
          if (text[at] != format.quote) {
            field += text[at];
          } else if (at + 1 < text.size() && text[at + 1] == format.quote) {
            field += text[at++];
          } else {
            at++;
            break;
          }
        }
        while (at < text.size() && text[at] != format.delimiter && text[at] != '\n') at++;
      } else {
        while (at < text.size() && text[at] != format.delimiter && text[at] != '\n')
          field += text[at++];
        if (field.ends_with('\r')) field.pop_back();
        if (format.trim) field = std::string(trim(field));
      }
      row.push_back(std::move(field));
      ended = at >= text.size() || text[at] == '\n';
      at++;
    }
    const bool empty = row.size() == 1 && row[0].empty() && !was_quoted;
    if (!(empty && format.skip_empty)) rows.push_back(std::move(row));
  }
  return rows;
}

class CsvFormat final : public groovy::HostObject {
 public:
  explicit CsvFormat(Format format) : format_(std::move(format)) {}
  const Format& format() const { return format_; }
  std::string class_name() const override { return std::string(kFormatClass); }
  bool is_instance_of(std::string_view name) const override { return name == kFormatClass; }
  std::optional<groovy::Value> call_method(groovy::Task& task, std::string_view name,
                                           groovy::Args args) override {
    Format changed = format_;
    auto text = [&](size_t i) { return task.interpreter().to_string(task, args[i]); };
    auto flag = [&] { return args.empty() || task.interpreter().truth(task, args[0]); };
    auto character = [&] {
      const std::string given = args.empty() || args[0].is_null() ? "" : text(0);
      return given.empty() ? '\0' : given[0];
    };
    if (name == "withDelimiter")
      changed.delimiter = character();
    else if (name == "withQuote")
      changed.quote = character();
    else if (name == "withCommentMarker")
      changed.comment = character();
    else if (name == "withTrim" || name == "withIgnoreSurroundingSpaces")
      changed.trim = flag();
    else if (name == "withIgnoreEmptyLines")
      changed.skip_empty = flag();
    else if (name == "withFirstRecordAsHeader")
      changed.first_is_header = changed.skip_header = true;
    else if (name == "withSkipHeaderRecord")
      changed.skip_header = flag();
    else if (name == "withRecordSeparator" && args.size() == 1)
      changed.separator = text(0);
    else if (name == "withHeader") {
      changed.header.clear();
      changed.first_is_header = args.empty();
      for (const groovy::Value& arg : args) {
        if (!groovy::is_list(arg)) {
          changed.header.push_back(task.interpreter().to_string(task, arg));
          continue;
        }
        for (const groovy::Value& item : groovy::list_items(task, arg))
          changed.header.push_back(task.interpreter().to_string(task, item));
      }
    } else {
      return std::nullopt;
    }
    if (changed.delimiter == '\0') changed.delimiter = ',';
    return groovy::Value(task.heap().make<CsvFormat>(std::move(changed)));
  }

 private:
  Format format_;
};

/// `CSVFormat` itself: its constants, and newFormat.
class CsvFormatClass final : public groovy::HostObject {
 public:
  std::string class_name() const override { return "java.lang.Class"; }
  std::string to_string(groovy::Task&) override { return "class " + std::string(kFormatClass); }
  std::optional<groovy::Value> get_property(groovy::Task& task, std::string_view name) override {
    Format format;
    if (name == "TDF") format.delimiter = '\t';
    if (name == "RFC4180" || name == "EXCEL") format.skip_empty = false;
    const bool known = name == "DEFAULT" || name == "EXCEL" || name == "RFC4180" || name == "TDF";
    if (!known) return std::nullopt;
    return groovy::Value(task.heap().make<CsvFormat>(format));
  }
  std::optional<groovy::Value> call_method(groovy::Task& task, std::string_view name,
                                           groovy::Args args) override {
    if (name != "newFormat" || args.size() != 1) return std::nullopt;
    const std::string given = task.interpreter().to_string(task, args[0]);
    Format format{.delimiter = given.empty() ? ',' : given[0], .quote = '\0'};
    return groovy::Value(task.heap().make<CsvFormat>(std::move(format)));
  }
};

class CsvRecord final : public groovy::HostObject {
 public:
  CsvRecord(Row row, std::shared_ptr<const Row> header, int64_t number)
      : row_(std::move(row)), header_(std::move(header)), number_(number) {}
  std::string class_name() const override { return "org.apache.commons.csv.CSVRecord"; }
  bool is_instance_of(std::string_view name) const override {
    return name == class_name() || name == "java.lang.Iterable";
  }

  std::optional<groovy::Value> get_property(groovy::Task& task, std::string_view name) override {
    if (const auto at = index_of(name)) return field(task, *at);
    if (name == "recordNumber") return groovy::Value::of_long(number_);
    return std::nullopt;
  }
  std::optional<groovy::Value> get_at(groovy::Task& task, const groovy::Value& key) override {
    if (!key.is_integral())
      return field(task, by_name(task, task.interpreter().to_string(task, key)));
    const int64_t at =
        key.as_long() < 0 ? key.as_long() + static_cast<int64_t>(row_.size()) : key.as_long();
    return field(task, at);
  }
  std::optional<groovy::Value> call_method(groovy::Task& task, std::string_view name,
                                           groovy::Args args) override {
    groovy::Interpreter& interpreter = task.interpreter();
    if (name == "size" && args.empty())
      return groovy::Value::of_int(static_cast<int32_t>(row_.size()));
    if (name == "getRecordNumber" && args.empty()) return groovy::Value::of_long(number_);
    if ((name == "get" || name == "getAt") && args.size() == 1) return get_at(task, args[0]);
    if ((name == "isMapped" || name == "isSet") && args.size() == 1) {
      const auto at = index_of(interpreter.to_string(task, args[0]));
      return groovy::Value::of_bool(
          at && (name == "isMapped" || *at < static_cast<int64_t>(row_.size())));
    }
    if (name == "toMap" && args.empty()) {
      std::vector<std::pair<std::string, groovy::Value>> entries;
      for (size_t i = 0; i < header_->size() && i < row_.size(); i++)
        entries.emplace_back((*header_)[i], interpreter.make_string(row_[i]));
      return interpreter.make_map(std::move(entries));
    }
    if ((name == "toList" || name == "values") && args.empty()) return all(task);
    if (name == "toString" && args.empty()) return interpreter.make_string(to_string(task));
    return std::nullopt;
  }
  std::optional<groovy::Value> iterable(groovy::Task& task) override { return all(task); }
  std::string to_string(groovy::Task&) override {
    return fmt::format("CSVRecord [comment='null', recordNumber={}, values=[{}]]", number_,
                       join(row_, ", "));
  }
  size_t footprint() const override {
    size_t bytes = sizeof(CsvRecord);
    for (const std::string& text : row_) bytes += sizeof text + text.capacity();
    return bytes;
  }

 private:
  groovy::Value all(groovy::Task& task) {
    std::vector<groovy::Value> items;
    for (const std::string& text : row_) items.push_back(task.interpreter().make_string(text));
    return task.interpreter().make_list(std::move(items));
  }
  groovy::Value field(groovy::Task& task, int64_t at) {
    if (at < 0 || at >= static_cast<int64_t>(row_.size())) {
      task.interpreter().raise(
          task, "java.lang.ArrayIndexOutOfBoundsException",
          fmt::format("Index {} out of bounds for length {}", at, row_.size()));
    }
    return task.interpreter().make_string(row_[static_cast<size_t>(at)]);
  }
  std::optional<int64_t> index_of(std::string_view name) const {
    const auto found = std::ranges::find(*header_, name);
    if (found == header_->end()) return std::nullopt;
    return found - header_->begin();
  }
  int64_t by_name(groovy::Task& task, const std::string& name) {
    const auto at = index_of(name);
    if (at) return *at;
    task.interpreter().raise(
        task, "java.lang.IllegalArgumentException",
        header_->empty() ? "No header mapping was specified, the record values can't be accessed "
                           "by name"
                         : fmt::format("Mapping for {} not found, expected one of [{}]", name,
                                       join(*header_, ", ")));
  }

  Row row_;
  std::shared_ptr<const Row> header_;
  int64_t number_;
};

Format format_of(StepCall& call) {
  const groovy::Value given = call.value("format");
  if (given.is_null()) return {};
  const auto* format = given.as_dynamic<CsvFormat>();
  if (format == nullptr) {
    throw_illegal_argument(call, fmt::format("{}: format must be a CSVFormat, such as "
                                             "CSVFormat.DEFAULT.withHeader()",
                                             call.info.name));
  }
  return format->format();
}

groovy::Value read_csv(StepCall& call) {
  const std::string text = file_or_text(call, false);
  const Format format = format_of(call);
  std::vector<Row> rows = parse_rows(text, format);
  auto header = std::make_shared<Row>(format.header);
  if (!rows.empty() && (format.first_is_header || (format.skip_header && !header->empty()))) {
    if (header->empty()) *header = rows.front();
    rows.erase(rows.begin());
  }
  std::vector<groovy::Value> records;
  int64_t number = 0;
  for (Row& row : rows) {
    call.task.spend(row.size() + 1);
    records.push_back(groovy::Value(
        call.run.interpreter().heap().make<CsvRecord>(std::move(row), header, ++number)));
  }
  return call.run.interpreter().make_list(std::move(records));
}

void append_field(std::string& out, const std::string& field, const Format& format) {
  const bool quote =
      format.quote != '\0' &&
      (field.find_first_of(fmt::format("{}{}\r\n", format.delimiter, format.quote)) != field.npos ||
       field.starts_with(' ') || field.ends_with(' '));
  if (!quote) {
    out += field;
    return;
  }
  const std::string mark(1, format.quote);
  out += mark + replace_all(field, mark, mark + mark) + mark;
}

void append_row(std::string& out, const Row& row, const Format& format) {
  for (size_t i = 0; i < row.size(); i++) {
    if (i > 0) out += format.delimiter;
    append_field(out, row[i], format);
  }
  out += format.separator;
}

groovy::Value write_csv(StepCall& call) {
  const std::string file = call.text("file");
  if (!call.has("records"))
    throw_illegal_argument(call, "You have to provide records to save for writeCSV.");
  if (file.empty()) throw_illegal_argument(call, "You have to provide a file to writeCSV.");
  const Format format = format_of(call);
  std::string text;
  if (!format.header.empty() && !format.skip_header) append_row(text, format.header, format);
  for (const groovy::Value& record : groovy::list_items(call.task, call.value("records"))) {
    groovy::Value fields = record;
    if (auto* host = record.as<groovy::HostObject>()) {
      if (const auto items = host->iterable(call.task)) fields = *items;
    }
    Row row;
    for (const groovy::Value& field : groovy::list_items(call.task, fields)) {
      row.push_back(field.is_null() ? "" : call.run.interpreter().to_string(call.task, field));
    }
    append_row(text, row, format);
  }
  refuse_folder(call, file);
  write_text(call, resolve(call, file), text);
  return {};
}

}  // namespace

std::optional<groovy::Value> csv_class(Run& run, std::string_view name) {
  if (name != "CSVFormat" && name != kFormatClass) return std::nullopt;
  return groovy::Value(run.interpreter().heap().make<CsvFormatClass>());
}

void add_csv_steps(StepRegistry& registry) {
  registry.add({.name = "readCSV",
                .parameters = {"file", "text", "format"},
                .sole = {},
                .function = read_csv});
  registry.add({.name = "writeCSV",
                .parameters = {"file", "records", "format"},
                .sole = {},
                .needs = Needs::node,
                .function = write_csv});
}

}  // namespace ks::engine
