// SPDX-License-Identifier: MIT
//
// Descriptions from callers for whom no file may be opened, whatever a text says: a library's call,
// or text from somewhere else. What json.h reads by name or as JSON opens a file wherever a text is
// a path; none is one here, so that none is opened.
#pragma once

#include <string>

namespace halfulp {

// Throws Error, located at `where` and the member, where a description as the command line takes it
// (a name, or JSON) names a file: as a whole, or anywhere within, words for people excepted.
void refuse_files(const std::string& text, const std::string& where);

}  // namespace halfulp
