// SPDX-License-Identifier: MIT
//
// NumPy's files as tensors that are read in parts.
#include <algorithm>
#include <utility>

#include "formats/codes.h"
#include "formats/error.h"
#include "golden/tensors/npy.h"
#include "golden/tensors/npz.h"
#include "golden/tensors/opened.h"
#include "golden/tensors/parts.h"

namespace halfulp::tensors {
namespace {

// Are the bytes of the file those of the tensor, and each of them allowed?
bool lies_as_tensor(const StoredTensor& stored) {
  const ElementType& type = stored.heading.type;
  const bool plain = stored.layout.byte_order == ByteOrder::little || element_bytes(type) == 1;
  const bool ordered = !stored.layout.fortran_order || !orders_differ(stored.heading.shape);
  return plain && ordered && bits(type.format) == static_cast<int>(8 * element_bytes(type));
}

// Of bytes that `read` has from their beginning on.
FoundTensor found(const StoredTensor& stored,
                  std::function<Bytes(std::uint64_t, std::size_t)> read) {
  FoundTensor tensor;
  tensor.name = stored.heading.name;
  tensor.type = stored.heading.type.name;
  tensor.element = stored.heading.type;
  tensor.shape = stored.heading.shape;
  tensor.size = stored.end - stored.begin;
  tensor.read = [begin = stored.begin, read = std::move(read)](
                    std::uint64_t at, std::size_t count) { return read(begin + at, count); };
  return tensor;
}

FoundFile found_npy(const std::shared_ptr<const ByteSource>& file) {
  GivenType given(std::nullopt);
  const Bytes beginning =
      file->read(0, std::min<std::uint64_t>(file->size(), longest_npy_beginning));
  const StoredTensor lies = stored_npy(beginning, file->size(), given);
  if (!lies_as_tensor(lies)) {
    Tensor tensor = tensor_of(lies, file->read(lies.begin, lies.end - lies.begin));
    return {.tensors = {stored(std::move(tensor))}, .metadata = {}};
  }
  const auto read = [file](std::uint64_t at, std::size_t count) { return file->read(at, count); };
  return {.tensors = {found(lies, read)}, .metadata = {}};
}

// An archive and the file that it reads from.
struct OpenArchive {
  OpenArchive(const std::string& path, std::shared_ptr<const ByteSource> source)
      : file(std::move(source)),
        archive(file->is_whole() ? NpzArchive(file->whole()) : NpzArchive(path, file->size())) {}
  std::shared_ptr<const ByteSource> file;
  NpzArchive archive;
};

// One that a FoundTensor keeps.
struct OpenMember {
  OpenMember(std::shared_ptr<const OpenArchive> of, const NpzMember& member)
      : archive(std::move(of)), reader(archive->archive, member) {}
  std::shared_ptr<const OpenArchive> archive;
  NpzArchive::Reader reader;
};

FoundTensor found_member(const std::string& path, const std::shared_ptr<const OpenArchive>& archive,
                         const NpzMember& member) {
  GivenType given(std::nullopt);
  StoredTensor lies = stored_npy(archive->archive.beginning(member), member.size, given);
  lies.heading.name = member.name;
  if (!lies_as_tensor(lies)) {
    const Bytes whole = archive->archive.content(member);
    return stored(tensor_of(lies, ByteView(whole).subspan(lies.begin)));
  }
  const auto open = std::make_shared<OpenMember>(archive, member);
  const std::string place = printable(member.name + ".npy");
  return found(lies, [open, place, path](std::uint64_t at, std::size_t count) {
    Bytes bytes(count);
    try {
      open->reader.read(at, bytes);
    } catch (const Error& error) {
      throw error.at(place).at(place_in(path, ""));
    }
    return bytes;
  });
}

FoundFile found_npz(const std::string& path, const std::shared_ptr<const ByteSource>& file) {
  const auto archive = std::make_shared<const OpenArchive>(path, file);
  Selection all;
  FoundFile result;
  for (const NpzMember& member : archive->archive.members(all)) {
    try {
      result.tensors.push_back(found_member(path, archive, member));
    } catch (const Error& error) {
      throw error.at(printable(member.name + ".npy"));
    }
  }
  return result;
}

}  // namespace

FoundFile found_numpy(const std::string& path, const std::shared_ptr<const ByteSource>& file) {
  const Bytes first = file->read(0, std::min<std::uint64_t>(file->size(), 1));
  return !first.empty() && first.front() == 'P' ? found_npz(path, file) : found_npy(file);
}

}  // namespace halfulp::tensors
