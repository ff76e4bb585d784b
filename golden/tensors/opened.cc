// SPDX-License-Identifier: MIT
#include "golden/tensors/opened.h"

#include <algorithm>
#include <utility>

#include "formats/codes.h"
#include "formats/counted.h"
#include "formats/engine.h"
#include "formats/error.h"
#include "formats/files/safetensors_layout.h"

namespace halfulp::tensors {
namespace {

// Throws Error naming the element whose code has more bits than its type.
void require_code(const Heading& heading, std::uint64_t code, std::size_t index) {
  const int used = bits(heading.type.format);
  constexpr int all = 64;
  if (used == all || code >> used == 0) return;
  throw Error("a code of more than the " + counted(used, "bit") + " of " + heading.type.name,
              "element " + index_text(heading.shape, index), "is that the type?");
}

// Codes that lie close together, so many bits each, the first of them at a bit of the first byte.
void unpack(ByteView bytes, std::size_t first_bit, std::size_t width,
            std::span<std::uint64_t> codes) {
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const std::size_t bit = first_bit + i * width;
    unsigned pair = bytes[bit / 8];
    if (bit % 8 + width > 8) pair |= static_cast<unsigned>(bytes[bit / 8 + 1]) << 8U;
    codes[i] = (pair >> (bit % 8)) & ((1U << width) - 1);
  }
}

template <std::size_t size>
void load_all(const std::uint8_t* bytes, std::span<std::uint64_t> codes) {
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = load_little(bytes + i * size, size);
}

void load(ByteView bytes, std::size_t size, std::span<std::uint64_t> codes) {
  switch (size) {
    case 1:
      return load_all<1>(bytes.data(), codes);
    case 2:
      return load_all<2>(bytes.data(), codes);
    case 4:
      return load_all<4>(bytes.data(), codes);
    default:
      return load_all<8>(bytes.data(), codes);
  }
}

bool is_contiguous(const StoredTensor& stored) {
  return !stored.layout.fortran_order || !orders_differ(stored.heading.shape);
}

}  // namespace

std::string place_in(const std::string& path, const std::string& tensor) {
  return (path == "-" ? "standard input" : path) + (tensor.empty() ? "" : ": " + printable(tensor));
}

TensorCodes::TensorCodes(Tensor held, std::string place)
    : stored_{.heading = {held.name, held.type, held.shape}},
      held_(std::move(held)),
      place_(std::move(place)) {}

TensorCodes::TensorCodes(const ByteSource& source, StoredTensor stored, std::string place)
    : source_(&source), stored_(std::move(stored)), place_(std::move(place)) {}

void TensorCodes::read(std::size_t begin, std::span<std::uint64_t> codes) const {
  try {
    if (!codes.empty()) read_some(begin, codes);
  } catch (const Error& error) {
    throw error.at(place_);
  }
}

bool TensorCodes::has_bytes() const {
  return source_ == nullptr || !stored_.packed || packed_bits(type().format) >= 8;
}

void TensorCodes::read_bytes(std::size_t begin, std::span<std::uint8_t> bytes) const {
  const std::size_t size = element_bytes(type());
  if (source_ == nullptr) {
    const ByteView held = ByteView(held_.data).subspan(begin * size, bytes.size());
    std::copy(held.begin(), held.end(), bytes.begin());
    return;
  }
  try {
    source_->read(stored_.begin + begin * size, bytes);
  } catch (const Error& error) {
    throw error.at(place_);
  }
  if (stored_.layout.byte_order == ByteOrder::big) swap_bytes(bytes, size);
}

void TensorCodes::read_some(std::size_t begin, std::span<std::uint64_t> codes) const {
  const std::size_t size = element_bytes(type());
  if (source_ == nullptr)
    return load(ByteView(held_.data).subspan(begin * size, codes.size() * size), size, codes);
  const auto width = static_cast<std::size_t>(packed_bits(type().format));
  if (stored_.packed && width < 8) {
    const std::size_t first = begin * width;
    const std::size_t last = (begin + codes.size()) * width;
    const Bytes bytes = source_->read(stored_.begin + first / 8, (last + 7) / 8 - first / 8);
    unpack(bytes, first % 8, width, codes);
    // What whole files are asked too (parse_raw).
    const bool ends = begin + codes.size() == element_count(stored_.heading.shape);
    if (ends && last % 8 != 0 && bytes.back() >> (last % 8) != 0)
      throw Error("the last byte has bits beyond the last element", "", "is the shape right?");
  } else {
    Bytes bytes = source_->read(stored_.begin + begin * size, codes.size() * size);
    if (stored_.layout.byte_order == ByteOrder::big) swap_bytes(bytes, size);
    load(bytes, size, codes);
  }
  const int used = bits(type().format);
  if (used == static_cast<int>(8 * size)) return;
  for (std::size_t i = 0; i < codes.size(); ++i) require_code(stored_.heading, codes[i], begin + i);
}

// What a caller brings, while a file is opened.
struct OpenedFile::Opening {
  const ReadOptions& options;
  const TypeOf& type_of;
  Selection& selection;

  [[nodiscard]] GivenType given(const std::string& name, const Metadata& metadata) const {
    return GivenType(type_of(name, metadata), options.packed);
  }
};

OpenedFile::OpenedFile(const std::string& path, const ReadOptions& options, const TypeOf& type_of)
    : path_(path), source_(path) {
  Selection all;
  const Opening opening{options, type_of, options.only == nullptr ? all : *options.only};
  try {
    const Bytes beginning =
        source_.read(0, std::min<std::uint64_t>(source_.size(), longest_npy_beginning));
    const Container container = container_of_file(path, beginning, options.shape.has_value());
    if (container == Container::npz) {
      open_npz(opening);
    } else if (container == Container::safetensors) {
      open_safetensors(opening);
    } else {
      open_single(container, opening);
    }
  } catch (const Error& error) {
    const std::string place = place_in(path, "");
    throw error.location() == place ? error : error.at(place);
  }
}

void OpenedFile::keep(StoredTensor stored) {
  headings_.push_back(stored.heading);
  stored_.push_back(std::move(stored));
}

void OpenedFile::open_npz(const Opening& opening) {
  archive_ = source_.is_whole() ? std::make_unique<NpzArchive>(source_.whole())
                                : std::make_unique<NpzArchive>(path_, source_.size());
  members_ = archive_->members(opening.selection);
  for (const NpzMember& member : members_) {
    GivenType given = opening.given(member.name, metadata_);
    try {
      StoredTensor stored = stored_npy(archive_->beginning(member), member.size, given);
      stored.heading.name = member.name;
      keep(std::move(stored));
    } catch (const Error& error) {
      throw error.at(printable(member.name));
    }
    used_type_ |= given.used();
  }
}

void OpenedFile::open_safetensors(const Opening& opening) {
  SafetensorsIndex index = safetensors_index(source_);
  SafetensorsHeader& header = index.header;
  const std::uint64_t data_begin = index.data_begin;
  metadata_ = std::move(header.metadata);
  for (const SafetensorsEntry& entry : header.entries) {
    if (!opening.selection.wants(entry.name)) continue;
    GivenType given = opening.given(entry.name, metadata_);
    keep(stored_safetensors(entry, data_begin, given));
    used_type_ |= given.used();
  }
}

void OpenedFile::open_single(Container container, const Opening& opening) {
  if (!opening.selection.wants("")) return;
  if (container == Container::raw) {
    ReadOptions options = opening.options;
    options.type = opening.type_of("", metadata_);
    keep(stored_raw(source_.size(), options));
    used_type_ = true;
    return;
  }
  GivenType given = opening.given("", metadata_);
  const Bytes beginning =
      source_.read(0, std::min<std::uint64_t>(source_.size(), longest_npy_beginning));
  keep(stored_npy(beginning, source_.size(), given));
  used_type_ = given.used();
}

TensorCodes OpenedFile::codes(std::size_t index) const {
  const StoredTensor& stored = stored_.at(index);
  const std::string place = place_in(path_, stored.heading.name);
  try {
    if (archive_ == nullptr && is_contiguous(stored)) return {source_, stored, place};
    const Bytes whole = archive_ != nullptr ? archive_->content(members_[index])
                                            : source_.read(stored.begin, stored.end - stored.begin);
    const std::size_t begin = archive_ != nullptr ? stored.begin : 0;
    return {tensor_of(stored, ByteView(whole).subspan(begin)), place};
  } catch (const Error& error) {
    throw error.at(place);
  } catch (const std::bad_alloc&) {
    throw Error("does not fit into memory", place,
                "write it in C order to .npy or .safetensors, which are read in pieces");
  }
}

}  // namespace halfulp::tensors
