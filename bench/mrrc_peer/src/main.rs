// The cases of bench/marc.cc in mrrc's Rust core, printed in the same way.
//
//   mrrc-peer FILE CASE RUNS        CASE: read, index, title, write, json, xml
//   mrrc-peer FILE text json|xml    prints what the cases json and xml make, a record a line
use std::hint::black_box;
use std::io::{Cursor, Write};
use std::time::Instant;

use mrrc::{MarcReader, MarcWriter, Record, RecordHelpers};

fn records(bytes: &[u8]) -> Vec<Record> {
    let mut reader = MarcReader::new(Cursor::new(bytes));
    let mut all = Vec::new();
    while let Some(record) = reader.read_record().expect("a record") {
        all.push(record);
    }
    all
}

fn each(bytes: &[u8], mut work: impl FnMut(&Record) -> usize) -> usize {
    let mut reader = MarcReader::new(Cursor::new(bytes));
    let mut check = 0;
    while let Some(record) = reader.read_record().expect("a record") {
        check += work(&record);
    }
    check
}

fn values(record: &Record) -> usize {
    record.fields().flat_map(|field| field.subfields()).map(|subfield| subfield.value.len()).sum()
}

fn json(record: &Record) -> String {
    let value = mrrc::marcjson::record_to_marcjson(record).expect("json");
    serde_json::to_string(&value).expect("text")
}

fn xml(record: &Record) -> String {
    mrrc::marcxml::record_to_marcxml(record).expect("xml")
}

fn print_text(bytes: &[u8], form: &str) {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for record in records(bytes) {
        let text = if form == "json" { json(&record) } else { xml(&record) };
        writeln!(out, "{text}").expect("printed");
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let bytes = std::fs::read(&arguments[1]).expect("the file");
    let case = arguments[2].as_str();
    if case == "text" {
        return print_text(&bytes, &arguments[3]);
    }
    let runs: usize = arguments[3].parse().expect("a number of runs");
    let held = records(&bytes);
    let mut rates = Vec::new();
    let mut check = 0;
    for _ in 0..runs {
        let begin = Instant::now();
        check = match case {
            "read" => each(&bytes, |record| record.fields().count()),
            "index" => each(&bytes, values),
            "title" => each(&bytes, |record| record.title().map_or(0, str::len)),
            "write" => {
                let mut out = Vec::new();
                let mut writer = MarcWriter::new(&mut out);
                for record in &held {
                    writer.write_record(record).expect("written");
                }
                writer.finish().expect("finished");
                drop(writer);
                out.len()
            }
            "json" => held.iter().map(|record| json(record).len()).sum(),
            "xml" => held.iter().map(|record| xml(record).len()).sum(),
            _ => panic!("no such case: {case}"),
        };
        let seconds = begin.elapsed().as_secs_f64();
        rates.push((held.len() as f64 / seconds).round() as u64);
        black_box(check);
    }
    let rates: Vec<String> = rates.iter().map(u64::to_string).collect();
    println!(
        "{{\"case\":\"{case}\",\"records\":{},\"check\":{check},\"rates\":[{}]}}",
        held.len(),
        rates.join(",")
    );
}
