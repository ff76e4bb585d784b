// SPDX-License-Identifier: MIT
//
// Output files that appear whole or not at all: written without a name (or under an unpredictable
// one beside the path), flushed to the disk, then renamed; the folder is flushed too, so that a
// machine that loses its power has the old file or the new one.
//
// A path may be a symbolic link: what it points to is written, the link stays. A path that is a
// pipe, a terminal or a device is a stream: it is written as it stands, and nothing lies beside it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "formats/error.h"

namespace halfulp {

class OutputFile {
 public:
  // Throws Error naming the path where it cannot be written. Removes temporary files of this path
  // whose writers are gone. permissions: of a new file, less the umask; a file that is replaced
  // passes on its own.
  explicit OutputFile(std::string path, mode_t permissions = 0666);
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile();  // without commit nothing is left (of a stream: what was written)

  // Both throw Error naming the path. Long files go to the disk while they are written, so that
  // commit has little to wait for.
  void write(std::string_view content);
  void commit();

 private:
  void open_temporary(mode_t permissions);
  void start_flushing();
  [[nodiscard]] bool take_name();

  std::string path_;       // as it was given, for messages
  std::string target_;     // where its links lead
  std::string temporary_;  // empty while the file has no name
  int descriptor_ = -1;
  bool stream_ = false;
  std::uint64_t flushed_ = 0, waiting_ = 0;  // bytes whose way to the disk has begun, and others
};

// All of a file at once.
void write_file(const std::string& path, std::string_view content);
// Throws Error where write_file could not write the path: to be asked before long work.
void require_writable(const std::string& path);

// Is the path a stream: a pipe, a terminal, a device, or a descriptor of this process
// (/dev/stdout, /dev/fd/3)?
bool is_stream(const std::string& path);
// The descriptor that a path such as /dev/stdout or /dev/fd/3 names, else -1.
int descriptor_named(const std::string& path);
// Where the symbolic links of a path's last part lead, whether something stands there or not.
// Throws Error where they go round in a circle.
std::string link_target(const std::string& path);

// What errno said of `path`, with the remedy; to be thrown.
Error system_error(const std::string& what, const std::string& path, int code);

}  // namespace halfulp
