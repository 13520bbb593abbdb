#pragma once

#include <string>

#include "groovy/eval/frame.h"

namespace ks::groovy {

/// The picture of a failed assert: its text, and below each part the value that it had.
std::string draw_assert(Task& task, const std::string& source, const Recording& recording);

}  // namespace ks::groovy
