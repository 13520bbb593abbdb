#pragma once

#include <boost/json/fwd.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "http/message.h"

/// What the generic webhook trigger of a job takes out of a request (engine-rest, section 5).

namespace ks::engine {

struct GenericTrigger {
  struct Variable {
    enum class Source : uint8_t { json_path, x_path, query, header };
    Source source = Source::query;
    std::string key;
    std::string expression;
    std::string filter;    ///< what matches it is taken away
    std::string fallback;  ///< when nothing was found
  };
  std::string token;
  std::string cause;
  std::string filter_text;
  std::string filter_expression;
  std::vector<Variable> variables;
};

/// Nothing when the config.xml has none.
std::optional<GenericTrigger> generic_trigger_of(const std::string& config_xml);

using Variables = std::map<std::string, std::string>;
/// What the request gives for the trigger's variables; `too_large` beyond 1,000 or 1 MiB of them.
Result<Variables> resolve(const GenericTrigger& trigger, const http::Request& request);
/// `$name` and `${name}` in a text; unknown ones stay.
std::string substitute(std::string_view text, const Variables& variables);
/// `$.a.b[0]['c']`, `$.a[*].b`; null when there is nothing.
boost::json::value at_json_path(const boost::json::value& value, std::string_view path);

}  // namespace ks::engine
