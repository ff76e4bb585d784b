// SPDX-License-Identifier: MIT
//
// The small files that runs keep beside an output and that other runs read while they change. Only
// plain files count: a symbolic link, a pipe or a folder of such a name is never followed.
//
// Times are those that the file system gives, in seconds since 1970: on a network file system the
// server's clock, the same for every machine. Files are opened before their time is read, since a
// client of NFS may answer an old one for a name that it does not open.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace halfulp::experiments {

// A descriptor, or -1 with errno. Throws Error where something stands there that is no plain file.
int open_plain(const std::string& path, int flags);
// All that stands behind an offset. Throws Error.
std::string read_from(int file, std::size_t offset, const std::string& path);

struct PlainFile {
  std::string text;
  double modified = 0;
};
// Nothing where none can be read.
std::optional<PlainFile> read_plain(const std::string& path);

// Names of files in the folder of `output` that begin with its name; without that beginning.
std::vector<std::string> names_beside(const std::string& output);

}  // namespace halfulp::experiments
