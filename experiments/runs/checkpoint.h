// SPDX-License-Identifier: MIT
//
// Units of work under way, on disk: of each a safetensors file OUTPUT.unit-K.safetensors with the
// matrices by their names, and in its metadata, as texts, whose it is (`document_hash`, `version`,
// `unit`, `repeat`), how far (`point` of the unit's group, `step` of it, `steps_done` of the unit),
// the outcomes of the points before that one, all the rest of the state, and a checksum over header
// and data. Files of these names belong to the run: plain ones are replaced and removed.
//
// A file appears whole or not at all, so that a crash leaves the one before it. What is damaged,
// cut or of something else is never taken for a state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "experiments/models/keeper.h"
#include "experiments/runs/journal.h"
#include "formats/files/bytes.h"

namespace halfulp::experiments {

struct Checkpoint {
  std::size_t unit = 0;
  std::uint64_t repeat = 0;
  double steps_done = 0;  // over all points of the unit
  UnitState state;
};

// The bytes of a file, and back. Throws Error saying why it is none of this document and unit.
std::string checkpoint_bytes(const Checkpoint& checkpoint, const JournalDocument& document);
Checkpoint checkpoint_from(tensors::ByteView file, std::size_t unit,
                           const JournalDocument& document);

std::string checkpoint_path(const std::string& output, std::size_t unit);

// Those beside an output. Units may be saved, loaded and removed by several threads at once, each
// by one.
class Checkpoints {
 public:
  Checkpoints(std::string output, JournalDocument document);

  [[nodiscard]] std::string path(std::size_t unit) const { return checkpoint_path(output_, unit); }
  // Nothing where there is no file. Throws Error saying why a file is not taken.
  [[nodiscard]] std::optional<Checkpoint> load(std::size_t unit) const;
  // Throws Error where it cannot be written.
  void save(const Checkpoint& checkpoint) const;
  void remove(std::size_t unit) const;
  // Of all units.
  void remove_all() const;

 private:
  std::string output_;
  JournalDocument document_;
};

}  // namespace halfulp::experiments
