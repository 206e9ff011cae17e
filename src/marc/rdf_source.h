#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "marc/bibframe_decoder.h"
#include "marc/rdf_graph.h"
#include "marc/text_input.h"

// Records from RDF: what the four ways of writing it share.
namespace thalweg::marc {

/// Collects triples until a description is whole, and makes records of it.
///
/// A description is whole before the input ends when all of its nodes are blank or share the part
/// of their names before `#`, when all nodes of that kind that it mentions are described, when a
/// Work and its Instance name each other, and when the next statement is about another name. This
/// is how we write, and how marc2bibframe2 does: such files are read as a stream. Otherwise a
/// document is held to its end. What is held, as text, is bounded by
/// `ReaderOptions::record_bytes_max`, and as a graph by eight times that: more is a defect, and
/// ends the reading.
class RdfSource : public TextSource {
 public:
  using TextSource::TextSource;

 protected:
  enum class Step : uint8_t {
    kUnit,         ///< `unit_` has triples, or nothing to say.
    kDocumentEnd,  ///< Nothing that follows is about the same nodes.
    kBroken,       ///< `Broken` has told the reason, and the reading goes on behind it.
    kEnd,
  };
  /// Fills `unit_` from the input; begins at `at_` and leaves it behind the unit.
  virtual Result<Step> Next() = 0;

  /// Text from where the parser stands.
  std::string_view Rest() const { return input_.text().substr(at_); }
  /// Reads on; false at the end of the input, and when too much would be held.
  Result<bool> More();
  bool more_refused() const { return refused_; }
  /// `place` counts from the start of `input_.text()`.
  void Broken(size_t place, std::string reason);
  /// Memory that the triples of `unit_` may take.
  size_t UnitBytesMax() const { return GraphBytesMax(); }

  RdfUnit unit_;
  size_t at_ = 0;  ///< In `input_.text()`; what stands before it belongs to the description.

 private:
  Result<bool> ReadRecord() final;
  size_t TextBytesMax() const { return static_cast<size_t>(options_.record_bytes_max); }
  size_t GraphBytesMax() const { return 8 * TextBytesMax(); }
  void TakeUnit(size_t unit_at);
  void AddUnit();
  void TakeBroken(size_t unit_at);
  bool StartsNext() const;
  bool IsWhole();
  bool IsLinked() const;
  void BeginGiving(size_t end);
  void GiveOne();
  void EndGiving();
  void Forget(size_t size);
  void StopTooLarge();
  std::string PlaceText(size_t place) const;

  RdfGraph graph_;
  std::string document_;  // What names of the description share; empty: not known yet.
  bool mixed_ = false;    // Nodes of several documents: held to the end.
  bool ended_ = false;
  bool refused_ = false;
  int64_t lines_ = 0;  // Of what was skipped.

  // What is being given out.
  bool giving_ = false;
  bool unit_waits_ = false;  // `unit_` belongs to the next description.
  std::vector<BibframeRoot> roots_;
  size_t next_root_ = 0;
  size_t group_end_ = 0;

  // Of the last broken piece.
  size_t broken_at_ = 0;
  std::string broken_;
  std::string damage_;       // What is wrong with the description.
  std::string next_damage_;  // And with the one that follows.

  std::deque<size_t> finished_;  // Hashes of the last names that were given out.
};

std::unique_ptr<RecordSource> MakeRdfXmlSource(Reader::ReadBytes read, ReaderOptions options);
/// `format` is Turtle or N-Triples, which is a part of it.
std::unique_ptr<RecordSource> MakeTurtleSource(Format format, Reader::ReadBytes read,
                                               ReaderOptions options);
std::unique_ptr<RecordSource> MakeJsonLdSource(Reader::ReadBytes read, ReaderOptions options);

}  // namespace thalweg::marc
