#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/model.h"

/// What `junit` keeps of test reports: each case, and how it did in the runs before.
///
/// A report is an object as Jenkins' `testReport/api/json` shows it:
///
///   {duration, totalCount, passCount, failCount, skipCount, suites: [{name, duration, timestamp,
///     cases: [{className, name, status, skipped, age, failedSince, duration, errorDetails,
///              errorStackTrace, skippedMessage, stdout, stderr}]}]}
///
/// `status`: PASSED, SKIPPED, FAILED, REGRESSION (failed, and had passed in the run before), FIXED
/// (passed, and had not). Of a case that fails `failedSince` is the number of the first run of the
/// row in which it did, and `age` how long that row is.

namespace ks::engine {

namespace json = boost::json;

/// The folder beside the artifacts of a run that holds its reports: one file of each `junit`.
constexpr std::string_view kTestReports = "tests";

/// The suites of one report file in the format of JUnit. `long_output`: what tests printed is kept
/// whole, not only its beginning and end.
Result<json::array> read_junit(const std::string& path, bool long_output);

/// A report of suites, with how the cases did in an earlier report (null: there is none). `number`:
/// of the run.
json::object make_test_report(json::array suites, const json::object* earlier, uint64_t number);

TestSummary summary_of(const json::object& report);

/// All reports in a run's folder of them as one; nothing when there are none.
Result<std::optional<json::object>> read_test_report(const std::string& folder);

}  // namespace ks::engine
