#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/lint.h"

/// What `ks lint` says, for people and for machines.

namespace ks::cmd {

namespace json = boost::json;

/// One file with what was found in it.
struct LintedFile {
  std::string name;
  std::string text;
  pipeline::Linted linted;
};

/// Each finding as `FILE:LINE:COLUMN: error: MESSAGE [RULE]`, the line with a caret below, and the
/// hint. Empty when there is none.
std::string lint_text(const LintedFile& file, bool color);
/// `[{file, language, errors, findings}]`
json::value lint_json(const std::vector<LintedFile>& files);
/// SARIF 2.1.0, for code hosts and editors.
json::value lint_sarif(const std::vector<LintedFile>& files);

/// Names of the steps in the vars/ of a library's folder.
std::vector<std::string> library_steps(const std::string& folder);

}  // namespace ks::cmd
