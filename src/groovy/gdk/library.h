#pragma once

#include <span>

#include "groovy/runtime/classes.h"

/// The list of what the library is made of. A new file of gdk/ declares its part here and stands in
/// library.cc.

namespace ks::groovy {

LibraryPart core_classes();
LibraryPart object_methods();
LibraryPart list_methods();
LibraryPart collection_methods();
LibraryPart map_methods();
LibraryPart string_methods();
LibraryPart closure_methods();
LibraryPart number_methods();
LibraryPart math_methods();
LibraryPart node_methods();
LibraryPart logging_methods();
LibraryPart regex_methods();
LibraryPart builder_methods();
LibraryPart system_methods();
LibraryPart utility_methods();
LibraryPart format_methods();
LibraryPart json_methods();
LibraryPart date_methods();
LibraryPart url_methods();
LibraryPart combining_methods();
LibraryPart string_number_methods();
LibraryPart time_methods();
LibraryPart script_methods();

std::span<const LibraryPart> library_parts();

}  // namespace ks::groovy
