#pragma once

#include <span>
#include <string>
#include <string_view>

#include "pipeline/catalog.h"

/// Words about steps, for editors.

namespace ks::cmd {

/// `sh(script: String, returnStdout: boolean, ...)`, optional ones with `?`.
std::string signature_text(std::string_view name, const pipeline::Signature& signature);
/// `String, required`
std::string parameter_detail(const pipeline::ParameterType& parameter);
/// Markdown; empty for what is no step.
std::string step_help(std::string_view name, const pipeline::Catalog& catalog);
/// The sections and directives that a block of Declarative may have; of "" those of the whole.
std::span<const std::string_view> section_words(std::string_view block);

}  // namespace ks::cmd
