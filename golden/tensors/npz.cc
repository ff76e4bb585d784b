// SPDX-License-Identifier: MIT
#include "golden/tensors/npz.h"

#include <zip.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <set>

#include "formats/counted.h"
#include "formats/error.h"

namespace halfulp::tensors {
namespace {

constexpr std::string_view ending = ".npy";
constexpr const char* damaged = "is the archive damaged?";

// libzip's handles; an archive that is dropped is not written.
using Archive = std::unique_ptr<zip_t, decltype(&zip_discard)>;
using Member = std::unique_ptr<zip_file_t, decltype(&zip_fclose)>;
using Source = std::unique_ptr<zip_source_t, decltype(&zip_source_free)>;

class ZipError {
 public:
  ZipError() { zip_error_init(&error_); }
  ZipError(const ZipError&) = delete;
  ZipError& operator=(const ZipError&) = delete;
  ~ZipError() { zip_error_fini(&error_); }
  zip_error_t* get() { return &error_; }
  std::string text() { return zip_error_strerror(&error_); }

 private:
  zip_error_t error_;
};

// Throws Error where a file of so many bytes is too short to be an archive; libzip takes an empty
// one for an empty archive.
void require_length(std::uint64_t size) {
  constexpr std::uint64_t shortest = 22;
  if (size < shortest)
    throw Error("no NumPy archive: the file has " + counted(size, "byte"), "",
                "is it a zip file, and whole?");
}

// The archive takes over the source, which is null where it could not be made.
Archive open_for_reading(Source source, ZipError& error) {
  if (source == nullptr)
    throw Error("the archive cannot be read (" + printable(error.text()) + ")");
  Archive archive(zip_open_from_source(source.get(), ZIP_RDONLY, error.get()), &zip_discard);
  if (archive == nullptr)
    throw Error("no NumPy archive: not a readable zip file (" + printable(error.text()) + ")", "",
                "is it one, and whole?");
  [[maybe_unused]] const zip_source_t* taken = source.release();
  return archive;
}

// Throws Error where the size cannot be: it is what the archive says, and memory is taken by it.
void require_possible_size(const zip_stat_t& status, std::uint64_t file_size) {
  // A deflated byte pair gives at most 1,032 bytes: 258 bytes for 2 bits (RFC 1951).
  constexpr std::uint64_t most_deflated = 1032;
  const bool stored = status.comp_method == ZIP_CM_STORE;
  const bool fits =
      status.comp_size <= file_size &&
      (stored ? status.size == status.comp_size : status.size / most_deflated <= status.comp_size);
  if (!fits)
    throw Error(std::to_string(status.size) + " bytes cannot come out of the archive's " +
                    std::to_string(status.comp_size),
                "", damaged);
}

// Throws Error where the member cannot be an array of an archive.
void require_array(const zip_stat_t& status, const std::string& name, std::uint64_t file_size) {
  if (status.encryption_method != ZIP_EM_NONE)
    throw Error("an encrypted member", "", "write the archive with numpy.savez");
  if (status.comp_method != ZIP_CM_STORE && status.comp_method != ZIP_CM_DEFLATE)
    throw Error("compression method " + std::to_string(status.comp_method), "",
                "NumPy stores or deflates; write the archive with numpy.savez");
  require_possible_size(status, file_size);
  if (!name.ends_with(ending))
    throw Error("a member that is no .npy file", "", "write the archive with numpy.savez");
}

std::string array_name(const std::string& member) {
  return member.ends_with(ending) ? member.substr(0, member.size() - ending.size()) : member;
}

// Nothing of a member that is not selected.
std::optional<NpzMember> facts_of(zip_t* archive, std::uint64_t index, std::uint64_t file_size,
                                  Selection& selection) {
  zip_stat_t status;
  zip_stat_init(&status);
  constexpr zip_uint64_t needed = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE |
                                  ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
  if (zip_stat_index(archive, index, 0, &status) != 0 || (status.valid & needed) != needed)
    throw Error("member " + std::to_string(index) + " cannot be read", "", damaged);
  const std::string name = status.name;
  if (!selection.wants(array_name(name))) return std::nullopt;
  try {
    require_array(status, name, file_size);
  } catch (const Error& error) {
    throw error.at(printable(name));
  }
  return NpzMember{.name = array_name(name), .index = index, .size = status.size};
}

// As many bytes as there are, up to the span's size.
std::size_t read_some(zip_file_t* member, std::span<std::uint8_t> bytes) {
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const zip_int64_t count = zip_fread(member, bytes.data() + filled, bytes.size() - filled);
    if (count < 0) throw Error(printable(zip_file_strerror(member)), "", damaged);
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  return filled;
}

Member open_member(zip_t* archive, const NpzMember& facts) {
  Member member(zip_fopen_index(archive, facts.index, 0), &zip_fclose);
  if (member == nullptr) throw Error(printable(zip_strerror(archive)), "", damaged);
  return member;
}

// Throws Error where a member goes on behind its size, or ended before it. Asked for one byte more,
// libzip meets the end and compares the checksum.
void require_end(zip_file_t* member, const NpzMember& facts, std::uint64_t filled) {
  std::uint8_t beyond = 0;
  filled += read_some(member, {&beyond, 1});
  if (filled != facts.size)
    throw Error("another size than the " + std::to_string(facts.size) + " bytes it names", "",
                damaged);
}

// The member whole. Memory is taken as the bytes come.
Bytes read_member(zip_t* archive, const NpzMember& facts) {
  const Member member = open_member(archive, facts);
  constexpr std::uint64_t first_buffer = 1U << 20U;
  Bytes bytes(std::min(facts.size, first_buffer));
  std::size_t filled = read_some(member.get(), bytes);
  while (filled == bytes.size() && filled < facts.size) {
    bytes.resize(std::min<std::uint64_t>(facts.size, 2 * filled));
    filled += read_some(member.get(), std::span(bytes).subspan(filled));
  }
  require_end(member.get(), facts, filled);
  return bytes;
}

}  // namespace

struct NpzArchive::Implementation {
  Archive archive;
  std::uint64_t file_size;
};

NpzArchive::NpzArchive(ByteView file) {
  require_length(file.size());
  ZipError error;
  // The source does not own the bytes.
  Source source(zip_source_buffer_create(file.data(), file.size(), 0, error.get()),
                &zip_source_free);
  implementation_.reset(
      new Implementation{open_for_reading(std::move(source), error), file.size()});
}

NpzArchive::NpzArchive(const std::string& path, std::uint64_t size) {
  require_length(size);
  ZipError error;
  constexpr zip_int64_t all = -1;
  Source source(zip_source_file_create(path.c_str(), 0, all, error.get()), &zip_source_free);
  implementation_.reset(new Implementation{open_for_reading(std::move(source), error), size});
}

NpzArchive::~NpzArchive() = default;

std::vector<NpzMember> NpzArchive::members(Selection& selection) const {
  zip_t* archive = implementation_->archive.get();
  const auto count = static_cast<std::uint64_t>(zip_get_num_entries(archive, 0));
  std::vector<NpzMember> found;
  std::set<std::string> names;
  for (std::uint64_t index = 0; index < count; ++index) {
    const auto facts = facts_of(archive, index, implementation_->file_size, selection);
    if (!facts) continue;
    if (!names.insert(facts->name).second)
      throw Error("two members of this name", printable(facts->name + std::string(ending)));
    found.push_back(*facts);
  }
  return found;
}

Bytes NpzArchive::beginning(const NpzMember& member) const {
  Bytes bytes(std::min<std::uint64_t>(member.size, longest_npy_beginning));
  const Member open = open_member(implementation_->archive.get(), member);
  bytes.resize(read_some(open.get(), bytes));
  return bytes;
}

Bytes NpzArchive::content(const NpzMember& member) const {
  return read_member(implementation_->archive.get(), member);
}

struct NpzArchive::Reader::Open {
  Member member;
  std::uint64_t position = 0;
};

NpzArchive::Reader::Reader(const NpzArchive& archive, NpzMember member)
    : archive_(archive), member_(std::move(member)) {}

NpzArchive::Reader::~Reader() = default;

void NpzArchive::Reader::read(std::uint64_t begin, std::span<std::uint8_t> bytes) {
  if (open_ == nullptr || begin < open_->position)
    open_.reset(new Open{open_member(archive_.implementation_->archive.get(), member_)});
  zip_file_t* member = open_->member.get();
  const auto read_next = [&](std::span<std::uint8_t> next) {
    const std::size_t count = read_some(member, next);
    open_->position += count;
    if (count < next.size()) require_end(member, member_, open_->position);
    return count;
  };
  constexpr std::size_t most_skipped = std::size_t{1} << 16;
  for (Bytes skipped; open_->position < begin;) {
    skipped.resize(std::min<std::uint64_t>(begin - open_->position, most_skipped));
    read_next(skipped);
  }
  read_next(bytes);
  if (open_->position == member_.size) require_end(member, member_, open_->position);
}

std::vector<Tensor> parse_npz(ByteView file, GivenType& given, Selection& selection) {
  const NpzArchive archive(file);
  std::vector<Tensor> tensors;
  for (const NpzMember& member : archive.members(selection)) {
    try {
      tensors.push_back(parse_npy(archive.content(member), given));
    } catch (const Error& error) {
      throw error.at(printable(member.name + std::string(ending)));
    }
    tensors.back().name = member.name;
  }
  return tensors;
}

namespace {

// Adds a stored member dated 1980-01-01, the first day that a zip file knows. The bytes must stay
// until the archive is closed.
void add_member(zip_t* archive, const std::string& name, const std::string& bytes) {
  constexpr std::size_t longest_name = 65535;
  if (name.size() > longest_name || name.find('\0') != std::string::npos)
    throw Error("no name for an array of an archive", printable(name), "give it a shorter one");
  Source source(zip_source_buffer(archive, bytes.data(), bytes.size(), 0), &zip_source_free);
  const zip_int64_t index =
      source == nullptr ? -1 : zip_file_add(archive, name.c_str(), source.get(), ZIP_FL_ENC_UTF_8);
  if (index < 0)
    throw Error("cannot be put into the archive (" + std::string(zip_strerror(archive)) + ")",
                printable(name), "give the array another name");
  [[maybe_unused]] const zip_source_t* taken = source.release();
  constexpr zip_uint16_t first_day = (1U << 5U) | 1U;
  const auto member = static_cast<zip_uint64_t>(index);
  if (zip_set_file_compression(archive, member, ZIP_CM_STORE, 0) != 0 ||
      zip_file_set_dostime(archive, member, 0, first_day, 0) != 0)
    throw Error("cannot be put into the archive (" + std::string(zip_strerror(archive)) + ")",
                printable(name));
}

std::string content_of(zip_source_t* source) {
  zip_stat_t status;
  zip_stat_init(&status);
  if (zip_source_stat(source, &status) != 0 || zip_source_open(source) != 0)
    throw Error("the archive cannot be made (" +
                std::string(zip_error_strerror(zip_source_error(source))) + ")");
  std::string content(status.size, '\0');
  const zip_int64_t count = zip_source_read(source, content.data(), content.size());
  zip_source_close(source);
  if (count != static_cast<zip_int64_t>(content.size()))
    throw Error("the archive cannot be made: it is shorter than it was");
  return content;
}

}  // namespace

std::string npz_file(const std::vector<Tensor>& tensors, const Layout& layout) {
  // libzip would rather write no file than one without members.
  if (tensors.empty()) return std::string("PK\x05\x06").append(18, '\0');
  ZipError error;
  const Source source(zip_source_buffer_create(nullptr, 0, 0, error.get()), &zip_source_free);
  if (source == nullptr) throw Error("the archive cannot be made (" + error.text() + ")");
  Archive archive(zip_open_from_source(source.get(), ZIP_CREATE | ZIP_TRUNCATE, error.get()),
                  &zip_discard);
  if (archive == nullptr) throw Error("the archive cannot be made (" + error.text() + ")");
  // The archive gives back one count of the source when it ends; the other is ours.
  zip_source_keep(source.get());
  std::vector<std::string> files;
  files.reserve(tensors.size());  // members point into it
  std::set<std::string> names;
  for (const Tensor& tensor : tensors) {
    const std::string name = name_or_place(tensor, files.size()) + std::string(ending);
    if (!names.insert(name).second) throw Error("two arrays of this name", printable(name));
    try {
      files.push_back(npy_file(tensor, layout));
    } catch (const Error& wrong) {
      throw wrong.at(printable(name));
    }
    add_member(archive.get(), name, files.back());
  }
  if (zip_close(archive.get()) != 0)
    throw Error("the archive cannot be made (" + std::string(zip_strerror(archive.get())) + ")");
  [[maybe_unused]] const zip_t* closed = archive.release();
  return content_of(source.get());
}

}  // namespace halfulp::tensors
