#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "engine/step.h"

/// Values of a script as data for files, and back.

namespace ks::engine {

/// A value of the script as JSON, exactly: decimals stay numbers, what has no JSON form becomes its
/// text. Fails the step on what is nested without end.
json::value data_of(StepCall& call, const groovy::Value& value);

/// JSON as people write it: `2.5`, not `2.5E0`. `indent` 0: on one line.
std::string json_text(const json::value& value, int indent = 0);

/// Throws a Java exception of the step's own, made known with its parent first.
[[noreturn]] void throw_java(StepCall& call, std::string_view class_name, std::string_view parent,
                             std::string_view message);
[[noreturn]] void throw_illegal_argument(StepCall& call, std::string_view message);

/// Text of `file` or `text` of a step, file first; journaled. Says what it needs when neither is
/// there: `At least one of file or text needs to be provided to readJSON.`
std::string file_or_text(StepCall& call, bool both_allowed, const std::string& charset = {});

/// For steps that need a node only when they are given a file.
void need_workspace(StepCall& call);
/// Fails with `X is a directory.`
void refuse_folder(StepCall& call, const std::string& file);
/// Whether a path of the workspace exists, journaled.
bool is_there(StepCall& call, const std::string& path);

/// Writes a file of the workspace, journaled.
void write_text(StepCall& call, const std::string& path, std::string_view text,
                const std::string& charset = {});

/// A file or folder as a script sees it (findFiles, touch): name, path, directory, length,
/// lastModified.
struct FileFacts {
  std::string path;  ///< relative
  bool directory = false;
  int64_t length = 0;
  int64_t modified_millis = 0;
  json::value to_json() const;
};
groovy::Value file_wrapper(Run& run, const json::value& facts);

}  // namespace ks::engine
