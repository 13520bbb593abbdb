#pragma once

#include <string>

#include "engine/step.h"

namespace ks::engine {

/// `$NAME` and `${NAME, option="x"}` of a mail's text by what they stand for, also in what they
/// stand for: `$DEFAULT_SUBJECT`, `${CHANGES}`, `${FAILED_TESTS}`, variables of the environment.
/// What stands for nothing stays.
std::string expand_mail_tokens(StepCall& call, std::string text);

}  // namespace ks::engine
