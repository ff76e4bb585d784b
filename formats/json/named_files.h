// SPDX-License-Identifier: MIT
//
// Descriptions that name files, made whole: where the path of a JSON file stands in the place of a
// format or a quantizer, its content takes the place of the path, and so on for the paths in that
// content. A relative path is looked up in the folder of the file that it stands in. What comes out
// means the same in any folder, and needs no file.
#pragma once

#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "formats/error.h"
#include "formats/json.h"

namespace halfulp {

// The files of one document. Each is read once.
class NamedFiles {
 public:
  // value: a format, a quantizer or a block format. Names and objects stay what they are, but for
  // the paths inside of objects. A format whose file gives it no name is called as its file is,
  // without the ending. place: its JSON pointer. folder: of the document ("": the current one).
  // Throws Error: a file that cannot be read, that is named in a circle, or too much of it.
  Json description(const Json& value, const std::string& place, const std::string& folder);
  // value: an object or a list that holds descriptions, such as the levels of a block format, in
  // which the member `key` would stand.
  Json member(const std::string& key, const Json& value, const std::string& place,
              const std::string& folder);

  struct Content {
    Json value;
    std::string folder;  // where the paths in it are looked up
  };
  // A file as it stands, for documents of other kinds.
  Content read(const std::string& path, const std::string& place, const std::string& folder);

  // What stands at `place` comes from a text that is called so, and is no file.
  void remember(const std::string& place, const std::string& name);

  // An error of what description() or read() has answered, with the file's path, or
  // the remembered name, after the place
  // where the document names it.
  [[nodiscard]] Error explained(const Error& error) const;

 private:
  struct Source {
    Json value;
    std::size_t size = 0;  // characters
  };
  struct Entry {
    std::string place, path;
  };
  Json members(const Json& value, const std::string& place, const std::string& folder);

  std::map<std::string, Source> known_;
  std::vector<Entry> entries_;
  int depth_ = 0;
  std::size_t characters_ = 0;
};

}  // namespace halfulp
