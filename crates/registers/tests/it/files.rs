//! Whole files: one bad line loses nothing else, a file that broke off goes on, what comes out goes in.

use registers::{Export, Format, Import, Report, import};
use serde_json::json;
use spine::{Caller, Fault};

use crate::world::{Bench, object, on_each, person};

fn order(register: &str, format: Format, name: &str) -> Import {
    Import { register: register.to_owned(), format, name: name.to_owned(), purpose: "registration".to_owned() }
}

async fn take(bench: &Bench, import_: &Import, file: &[u8]) -> Result<Report, Fault> {
    import(&bench.acts, &bench.registers, &Caller::system("test"), import_, file, |_| {}).await
}

fn told(report: &Report) -> Vec<(u64, String, String)> {
    let mut told: Vec<_> = report
        .faults
        .iter()
        .map(|fault| (fault.line, fault.field.clone().unwrap_or_default(), fault.problem.key().to_owned()))
        .collect();
    told.sort();
    told
}

async fn count(bench: &Bench) -> i64 {
    bench.read(|cx| Ok(cx.tx().query("SELECT COUNT(*) FROM registers_record", &[])?[0].get(0)?)).await.unwrap()
}

#[test]
fn bad_lines_of_csv_are_told_and_the_rest_goes_in() {
    on_each(async |bench| {
        bench.enrol("place", json!({"code": "OLD"})).await.unwrap();
        let mut file = b"\xef\xbb\xbfcode,name,kind,people,electric\r\n".to_vec();
        let lines: [&[u8]; 15] = [
            b"A1,Roma,town,12,true",
            b"A2,Morija,town,many,true",
            b"A3,\xff\xfe,town,1,",
            b"A4,\"Ha Mohale, \"\"new\"\"\",village,,false",
            b"A5,Roma,city,1,",
            b"OLD,Roma,town,1,",
            b"A1,Roma,town,1,",
            b"A6,Roma,town,1,true,extra",
            b"",
            b"A7,\"never closed,town,1,",
            b"A8,Quthing,town,5,maybe",
            b"A9,\"two",
            b"lines\",town,5,",
            b",Nameless,town,1,",
            b"A10,Leribe",
        ];
        for line in lines {
            file.extend_from_slice(line);
            file.extend_from_slice(b"\r\n");
        }
        let long = format!("B1,{},town,1,\nB2,Thaba-Tseka,town,1,\n", "x".repeat(200_000));
        file.extend_from_slice(long.as_bytes());
        file.extend_from_slice(format!("B3,{},town,1,", "y".repeat(200)).as_bytes());
        let report = take(&bench, &order("place", Format::Csv, "one"), &file).await.unwrap();
        let expected: Vec<(u64, &str, &str)> = vec![
            (3, "people", "registers.field.type"),
            (4, "", "registers.line.encoding"),
            (6, "kind", "registers.field.choice"),
            (7, "", "registers.field.taken"),
            (8, "", "registers.field.taken"),
            (9, "", "registers.line.columns"),
            (11, "", "registers.line.quote"),
            (12, "electric", "registers.field.type"),
            (15, "code", "registers.field.missing"),
            (17, "", "registers.line.long"),
            (19, "name", "registers.field.long"),
        ];
        let expected: Vec<_> =
            expected.into_iter().map(|(line, field, key)| (line, field.to_owned(), key.to_owned())).collect();
        assert_eq!(told(&report), expected);
        // A1, A4, A9, A10, B2.
        assert_eq!((report.enrolled, report.refused), (5, 11));
        assert_eq!(count(&bench).await, 6);
        let registers = bench.registers.clone();
        let found = bench.read(move |cx| registers::find(cx, &registers, "place", "A4")).await.unwrap().unwrap();
        assert_eq!((found.text("name"), found.is("electric")), ("Ha Mohale, \"new\"", false));
        assert!(!bench.evidence().await.contains("Mohale"));
    });
}

#[test]
fn bad_lines_of_json_are_told_too() {
    on_each(async |bench| {
        let file = b"{\"code\":\"A1\",\"people\":3}\n{\"code\":\"A2\",\"people\":\"3\"}\nnot json\n[1]\n{\"code\":\"A3\",\"hat\":1}\n{\"code\":\"\xff\"}\n{\"code\":\"A4\"}";
        let report = take(&bench, &order("place", Format::JsonLines, "one"), file).await.unwrap();
        let told = told(&report);
        let lines: Vec<_> = told.iter().map(|(line, field, key)| (*line, field.as_str(), key.as_str())).collect();
        assert_eq!(
            lines,
            [
                (2, "people", "registers.field.type"),
                (3, "", "registers.line.malformed"),
                (4, "", "registers.line.malformed"),
                (5, "hat", "registers.field.unknown"),
                (6, "", "registers.line.encoding"),
            ]
        );
        assert_eq!(report.enrolled, 2);
    });
}

#[test]
fn a_header_that_does_not_fit_is_refused_at_once() {
    on_each(async |bench| {
        for (file, code) in [
            ("", "registers.import.header"),
            ("code,hat\nA,B\n", "registers.import.columns"),
            ("code,code\nA,B\n", "registers.import.columns"),
        ] {
            let fault = take(&bench, &order("place", Format::Csv, "x"), file.as_bytes()).await.unwrap_err();
            assert_eq!(fault.code(), code);
        }
        let semicolons = take(&bench, &order("place", Format::Csv, "y"), b"code;name\nA;Roma\n").await.unwrap();
        assert_eq!(semicolons.enrolled, 1);
    });
}

#[test]
fn an_import_that_broke_off_goes_on() {
    on_each(async |bench| {
        let file: String =
            std::iter::once("code,name\n".to_owned()).chain((0..1200).map(|n| format!("C{n},Roma\n"))).collect();
        let order = order("place", Format::Csv, "harvest");
        // The first two batches arrive, then the line breaks.
        let broken: String = file.lines().take(1001).map(|line| format!("{line}\n")).collect();
        let mut steps = Vec::new();
        let caller = Caller::system("test");
        let report = import(&bench.acts, &bench.registers, &caller, &order, broken.as_bytes(), |at| steps.push(at));
        assert_eq!(report.await.unwrap().enrolled, 1000);
        assert!(steps.is_sorted_by_key(|at| at.bytes) && steps.last().unwrap().enrolled == 1000);
        for _ in 0..2 {
            let report = take(&bench, &order, file.as_bytes()).await.unwrap();
            assert_eq!((report.enrolled, report.refused), (1200, 0));
            assert_eq!(count(&bench).await, 1200);
        }
        let other = file.replace("Roma", "Morija");
        assert_eq!(take(&bench, &order, other.as_bytes()).await.unwrap_err().code(), "journal.key.reused");
    });
}

async fn give(bench: &Bench, format: Format, view: Option<&str>) -> String {
    let caller = Caller::system("test");
    let order = Export {
        register: "civil-person".to_owned(),
        format,
        view: view.map(str::to_owned),
        purpose: "statistics".to_owned(),
    };
    let mut exporting = registers::export(&bench.acts, &bench.registers, &caller, order).await.unwrap();
    let mut out = Vec::new();
    while let Some(piece) = exporting.next(&bench.acts, &bench.registers, &caller).await.unwrap() {
        out.extend(piece);
    }
    String::from_utf8(out).unwrap()
}

#[test]
fn what_comes_out_goes_in_again() {
    on_each(async |bench| {
        let people = (0..1100).map(|n| {
            let mut person = person(n, "Lineo \"Nini\"", "Mokoena, Letsie");
            person.extend(object(json!({"village": "Ha\nMohale"})));
            person
        });
        bench.enrol_many("civil-person", people.collect()).await;
        for format in [Format::Csv, Format::JsonLines] {
            let file = give(&bench, format, None).await;
            let other = crate::world::bench(testkit::sqlite(
                &journal::MIGRATIONS.iter().chain(registers::MIGRATIONS).copied().collect::<Vec<_>>(),
            ));
            let report = take(&other, &order("civil-person", format, "again"), file.as_bytes()).await.unwrap();
            assert_eq!((report.enrolled, report.refused), (1100, 0));
            assert_eq!(give(&other, format, None).await, file);
        }
        let narrow = give(&bench, Format::Csv, Some("statistics")).await;
        assert!(narrow.starts_with("sex,district,nationality\nfemale,,\n"), "{}", &narrow[..60]);
        assert!(!narrow.contains("Lineo"));
        assert!(bench.evidence().await.contains("registers.register.exported"));
    });
}
