//! The pack's folding rules: spellings of one name meet, different names stay apart, and the pack's locales are sound.
//!
//! **Invariant:** a rule that makes strangers meet fails here before it fills an officer's list of candidates.

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use spine::words::Locale;
    use spine::{Folding, Language, Words};

    fn pack(path: &str) -> String {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../packs/lesotho").join(path);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    fn folding() -> Folding {
        toml::from_str(&pack("names.toml")).unwrap()
    }

    /// One name in two spellings: Lesotho's and South Africa's, or with and without a keyboard that has š.
    const SAME: &[(&str, &str)] = &[
        ("Lineo", "Dineo"),
        ("Tšepo", "Tshepo"),
        ("Tšepo", "Tsepo"),
        ("Khotso", "Kgotso"),
        ("Keneuoe", "Keneuwe"),
        ("Chabeli", "Tjhabeli"),
        ("’Mathabo", "Mmathabo"),
        ("'Mathabo", "Mathabo"),
        ("Limpho", "Dimpho"),
        ("Lipuo", "Dipuo"),
        ("Lisebo", "Disebo"),
        ("Likeleli", "Dikeledi"),
        ("Liteboho", "Diteboho"),
        ("Likotsi", "Dikotsi"),
        ("Likhang", "Dikgang"),
        ("Malineo", "Madineo"),
        ("’Malimpho", "Mmadimpho"),
        ("Moliehi", "Modiehi"),
        ("Phafoli", "Phafodi"),
        ("Lulu", "Dudu"),
        ("Tšeliso", "Tshediso"),
        ("’Matšeliso", "Mmatshediso"),
        ("Tšepiso", "Tshepiso"),
        ("Tšepang", "Tshepang"),
        ("Tšoanelo", "Tshwanelo"),
        ("Tšoeu", "Tshweu"),
        ("Motšoene", "Motshwene"),
        ("Ntšebo", "Ntshebo"),
        ("Ntšekhe", "Ntshekge"),
        ("Setšabi", "Setshabi"),
        ("Tšabalala", "Tshabalala"),
        ("Motšeoa", "Motshewa"),
        ("Moshoeshoe", "Moshweshwe"),
        ("Selloane", "Sellwane"),
        ("Ntsoaki", "Ntswaki"),
        ("Mosiuoa", "Mosiuwa"),
        ("Kenoang", "Kenwang"),
        ("Khoabane", "Kgwabane"),
        ("Khosi", "Kgosi"),
        ("Khauhelo", "Kgauhelo"),
        ("Sekhonyana", "Sekgonyana"),
        ("Mokhothu", "Mokgothu"),
        ("Mokhehle", "Mokgehle"),
        ("Makhaola", "Makgaola"),
        ("Mokhele", "Mokgele"),
        ("Mookho", "Mokgo"),
        ("Chaka", "Tjhaka"),
        ("Chabane", "Tjhabane"),
        ("Seeiso", "Seyiso"),
        ("Seeiso", "Seiso"),
        ("Moeketsi", "Moyeketsi"),
        ("Pheello", "Phello"),
        ("Moorosi", "Morosi"),
        ("’Nana", "Nnana"),
        ("’Maneo", "Mmaneo"),
        ("Nthabiseng ’Masechaba", "NTHABISENG MMASECHABA"),
        ("Tšepo-Lerato", "tshepo lerato"),
    ];

    /// Different names: a rule must not make them one.
    const DIFFERENT: &[(&str, &str)] = &[
        ("Thabo", "Thabang"),
        ("Thabiso", "Thabisa"),
        ("Thabo", "Theko"),
        ("Lineo", "Lintle"),
        ("Lineo", "Neo"),
        ("Palesa", "Lipalesa"),
        ("Pule", "Puleng"),
        ("Puleng", "Pulane"),
        ("Khotso", "Khosi"),
        ("Mpho", "Limpho"),
        ("Teboho", "Tebello"),
        ("Teboho", "Liteboho"),
        ("Tau", "Tšiu"),
        ("Moshe", "Moshoeshoe"),
        ("Molapo", "Moletsane"),
        ("Molefe", "Molefi"),
        ("Letsie", "Lebona"),
        ("Mohale", "Mohapi"),
        ("Mokone", "Mokoena"),
        ("Motaung", "Mofokeng"),
        ("Tšepo", "Tšepiso"),
        ("Tšepo", "Tšepang"),
        ("Tseko", "Tšepo"),
        ("Sello", "Selloane"),
        ("Mosa", "Mosele"),
        ("Lehana", "Lehlohonolo"),
        ("Nthabiseng", "Nthabeleng"),
        ("Khauta", "Khauhelo"),
        ("Rethabile", "Relebohile"),
        ("Sechaba", "Setšabi"),
        ("Ramaili", "Ramainoane"),
        ("Masupha", "Mosupha"),
        ("Thato", "Thatho"),
        ("Kali", "Khali"),
        ("Hlalele", "Lalele"),
        ("Qhobela", "Qobela"),
        ("Tlali", "Tali"),
        ("Phiri", "Piri"),
        ("’Mathabo", "Thabo"),
    ];

    #[test]
    fn spellings_of_one_name_meet() {
        let folding = folding();
        for (one, other) in SAME {
            assert_eq!(folding.fold(one), folding.fold(other), "{one} and {other}");
        }
    }

    #[test]
    fn different_names_stay_apart() {
        let folding = folding();
        for (one, other) in DIFFERENT {
            assert_ne!(folding.fold(one), folding.fold(other), "{one} and {other}");
        }
    }

    #[test]
    fn the_names_of_the_synthetic_population_hardly_collide() {
        let names: BTreeMap<String, toml::Value> = toml::from_str(&pack("population/names.toml")).unwrap();
        let folding = folding();
        for list in ["female", "male", "surnames"] {
            let names: Vec<&str> = names[list].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
            assert!(names.len() >= 120, "{list} has {}", names.len());
            let mut keys: Vec<String> = names.iter().map(|name| folding.fold(name)).collect();
            keys.sort();
            keys.dedup();
            assert!(keys.len() + 3 >= names.len(), "{list}: {} keys of {} names", keys.len(), names.len());
        }
    }

    #[test]
    fn the_locales_are_whole() {
        let locale = |tag: &str| -> Locale { toml::from_str(&pack(&format!("locales/{tag}.toml"))).unwrap() };
        let locales = ["en-LS", "st-LS"].map(|tag| (locale(tag), BTreeMap::new()));
        for (locale, _) in &locales {
            assert_eq!((locale.months.len(), locale.days.len()), (12, 7), "{:?}", locale.language);
        }
        let words = Words::new(locales.to_vec(), jiff::tz::TimeZone::get("Africa/Maseru").unwrap());
        let st = Language::new("st-LS");
        assert_eq!(words.date(&st, jiff::civil::date(2025, 10, 4)), "4 Mphalane 2025");
        let loti = spine::Currency::parse("LSL").unwrap();
        assert_eq!(words.money(&st, spine::Money::new(13_000, loti)), "M130.00");
    }
}
