//! Padding: ordinary code over many types of its own, so that the compiler instantiates every generic function again,
//! with all its debug information. `build.sh` links many copies of it into one program.

macro_rules! modules {
    ($($module:ident)*) => { $(
        pub mod $module {
            use std::collections::{BTreeMap, HashMap, VecDeque};

            #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct Item {
                pub number: u64,
                pub name: String,
                pub parts: Vec<(u32, String)>,
                pub next: Option<Box<Item>>,
            }

            #[derive(Clone, Debug)]
            pub enum Problem {
                Empty,
                Number(std::num::ParseIntError),
                Part { at: usize, item: Item },
            }

            #[inline(never)]
            pub fn parse(text: &str) -> Result<Vec<Item>, Problem> {
                text.lines()
                    .filter(|line| !line.trim().is_empty())
                    .enumerate()
                    .map(|(at, line)| {
                        let (number, rest) = line.split_once(' ').ok_or(Problem::Empty)?;
                        let number = number.parse().map_err(Problem::Number)?;
                        let parts: Vec<_> = rest.split(',').filter_map(|p| Some((p.parse().ok()?, p.to_owned()))).collect();
                        let item = Item { number, name: format!("{line}#{at}"), parts, next: None };
                        if item.parts.len() > 9 { Err(Problem::Part { at, item }) } else { Ok(item) }
                    })
                    .collect()
            }

            #[inline(never)]
            pub fn group(items: Vec<Item>) -> BTreeMap<String, Vec<Item>> {
                let mut groups: BTreeMap<String, Vec<Item>> = BTreeMap::new();
                for item in items {
                    groups.entry(item.name.to_uppercase()).or_default().push(item);
                }
                groups.retain(|_, list| !list.is_empty());
                groups
            }

            #[inline(never)]
            pub fn order(mut items: Vec<Item>) -> Vec<Item> {
                items.sort();
                items.dedup_by_key(|i| i.number);
                items.sort_by(|a, b| b.parts.cmp(&a.parts).then_with(|| a.name.len().cmp(&b.name.len())));
                items.sort_unstable_by_key(|i| std::cmp::Reverse(i.number));
                let half = items.len() / 2;
                items.rotate_left(half);
                items
            }

            #[inline(never)]
            pub fn index(items: &[Item]) -> HashMap<Item, VecDeque<usize>> {
                let mut index: HashMap<Item, VecDeque<usize>> = HashMap::with_capacity(items.len());
                for (at, item) in items.iter().enumerate() {
                    index.entry(item.clone()).or_default().push_front(at);
                }
                for list in index.values_mut() {
                    list.make_contiguous().sort_unstable();
                }
                index
            }

            #[inline(never)]
            pub fn chain(items: impl IntoIterator<Item = Item>) -> Option<Box<Item>> {
                items.into_iter().fold(None, |next, item| Some(Box::new(Item { next, ..item })))
            }

            #[inline(never)]
            pub fn describe(text: &str) -> String {
                match parse(text) {
                    Err(problem) => format!("{problem:?}"),
                    Ok(items) => {
                        let ordered = order(items);
                        let index = index(&ordered);
                        let chain = chain(ordered.iter().cloned());
                        format!("{:#?} {:?} {:?}", group(ordered), index.into_iter().collect::<BTreeMap<_, _>>(), chain)
                    }
                }
            }
        }
    )* };
}

modules! {
    m00 m01 m02 m03 m04 m05 m06 m07 m08 m09 m10 m11 m12 m13 m14 m15 m16 m17 m18 m19
    m20 m21 m22 m23 m24 m25 m26 m27 m28 m29 m30 m31 m32 m33 m34 m35 m36 m37 m38 m39
}
