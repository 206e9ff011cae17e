// Files on the machine's own file systems, standard input and standard output.

#include "connectors/file_table.h"
#include "io/local_file_system.h"

namespace thalweg::connectors::file {
namespace {

Spec MakeSpec() {
  Spec spec;
  spec.name = "file";
  spec.aliases = {"local"};
  spec.summary = "Files of any known format, by path, pattern or '-'.";
  spec.details =
      "A path may be a pattern (*, ?, [a-z], {a,b}, **) or a directory; '-' is standard input or "
      "output. The format follows the suffix, as does compression (.gz, .zst, .lz4, .br). A file "
      "that is written appears under its name complete and synced, or not at all.";
  spec.fields = FileReadFields();
  spec.examples = {"SELECT * FROM 'data/*.csv.gz'", "SELECT * FROM read_csv('-', delim := ';')"};
  return spec;
}

std::vector<Field> WriteFields() {
  return {
      StringField("format").Doc("Name of the codec; by default it follows the suffix."),
      EnumField("mode", {"create", "append", "replace"})
          .Doc("create fails when the target exists and is not empty; replace takes the place of "
               "the whole target, a partitioned set included.")
          .Default(std::string("create")),
      StringListField("partition_by")
          .Doc("Columns whose values make directories, in the Hive layout: origin=EWR/month=1."),
      Int64Field("partitions_max")
          .Doc("Partitions that one run may write.")
          .Default(int64_t{100000})
          .Min(1),
  };
}

}  // namespace

void Register(engine::Registry& registry);
void Register(engine::Registry& registry) {
  engine::Connector connector;
  connector.spec = MakeSpec();
  connector.write_fields = WriteFields();
  connector.open = [spec = connector.spec](const engine::Registry& known,
                                           const std::string& location,
                                           const Options::Given& options) {
    return OpenFileTable(known, io::LocalFileSystem(), location, spec, options);
  };
  Spec write = connector.spec;
  write.fields = connector.write_fields;
  connector.create = [write](const engine::Registry& known, const std::string& location,
                             const Options::Given& options, const engine::SinkRequest& request) {
    return MakeFileSink(known, io::LocalFileSystem(), location, write, options, request);
  };
  registry.Add(std::move(connector));
}

}  // namespace thalweg::connectors::file
