//! Pages of rows, decoded without keeping their JSON.

use std::fmt;
#[cfg(test)]
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::table::{Column, Schema};

/// Rows of texts, in one piece of memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    text: String,
    /// Where each cell ends in `text`; [`NONE`] set where it has no value.
    ends: Vec<u32>,
    width: usize,
    count: usize,
}

/// Marks a cell without a value.
const NONE: u32 = 1 << 31;

impl Rows {
    /// Rows of so many cells, none yet.
    #[must_use]
    pub fn new(width: usize) -> Self {
        Self { width, ..Self::default() }
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// A cell; none where it has no value, or there is no such cell.
    #[must_use]
    pub fn cell(&self, row: usize, column: usize) -> Option<&str> {
        if column >= self.width {
            return None;
        }
        let at = row * self.width + column;
        let end = *self.ends.get(at)?;
        if end & NONE != 0 {
            return None;
        }
        let start = if at == 0 { 0 } else { self.ends[at - 1] & !NONE };
        self.text.get(place(start)..place(end))
    }

    /// Adds a cell; the row is over with [`Rows::end_row`]. False where the page is too large to be held.
    pub(super) fn push(&mut self, cell: Option<&str>) -> bool {
        self.text.push_str(cell.unwrap_or_default());
        let Ok(end) = u32::try_from(self.text.len()) else { return false };
        if end >= NONE {
            return false;
        }
        self.ends.push(if cell.is_none() { end | NONE } else { end });
        true
    }

    /// Ends a row. False where it has another number of cells than the others.
    pub(super) fn end_row(&mut self) -> bool {
        if self.count == 0 && self.width == 0 {
            self.width = self.ends.len();
        }
        self.count += 1;
        self.ends.len() == self.count * self.width
    }

    /// The rows of a range.
    #[cfg(test)]
    fn texts(&self, rows: Range<usize>) -> Vec<Vec<Option<&str>>> {
        rows.map(|row| (0..self.width).map(|column| self.cell(row, column)).collect()).collect()
    }
}

fn place(at: u32) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

/// A page of a result.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// Its rows.
    pub rows: Rows,
    /// The columns of the result.
    pub columns: Vec<Column>,
    /// Rows of the whole result.
    pub total_rows: u64,
    /// Whether the query is over; there are no rows before.
    pub(super) complete: bool,
    /// What asks for the next page; none on the last.
    pub(super) token: Option<String>,
}

impl Page {
    /// Reads the answer of `getQueryResults`.
    pub(super) fn read(json: &[u8]) -> Result<Self, serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_slice(json);
        let page = reader.deserialize_map(PageVisitor)?;
        reader.end()?;
        Ok(page)
    }
}

struct PageVisitor;

impl<'de> Visitor<'de> for PageVisitor {
    type Value = Page;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a page of results")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Page, A::Error> {
        let mut page = Page::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "rows" => page.rows = map.next_value_seed(RowsSeed)?,
                "schema" => page.columns = map.next_value::<Option<Schema>>()?.map(Schema::columns).unwrap_or_default(),
                "jobComplete" => page.complete = map.next_value::<Option<bool>>()?.unwrap_or_default(),
                "pageToken" => {
                    page.token = map.next_value::<Option<String>>()?.filter(|token| !token.is_empty());
                }
                "totalRows" => {
                    let text = map.next_value::<Option<String>>()?.unwrap_or_default();
                    page.total_rows = text.parse().unwrap_or_default();
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(page)
    }
}

/// `[{"f": [{"v": "1"}, {"v": null}]}, ...]`
struct RowsSeed;

impl<'de> DeserializeSeed<'de> for RowsSeed {
    type Value = Rows;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Rows, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for RowsSeed {
    type Value = Rows;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Rows, A::Error> {
        let mut rows = Rows::default();
        while list.next_element_seed(RowSeed(&mut rows))?.is_some() {
            if !rows.end_row() {
                return Err(serde::de::Error::custom("a row with another number of cells"));
            }
        }
        Ok(rows)
    }
}

/// `{"f": [...]}`
struct RowSeed<'a>(&'a mut Rows);

impl<'de> DeserializeSeed<'de> for RowSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for RowSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<&str>()? {
            if key == "f" {
                map.next_value_seed(CellsSeed(self.0))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// `[{"v": ...}, ...]`
struct CellsSeed<'a>(&'a mut Rows);

impl<'de> DeserializeSeed<'de> for CellsSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for CellsSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the cells of a row")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(CellSeed(self.0))?.is_some() {}
        Ok(())
    }
}

/// `{"v": ...}`
struct CellSeed<'a>(&'a mut Rows);

impl<'de> DeserializeSeed<'de> for CellSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for CellSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a cell")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut fits = None;
        while let Some(key) = map.next_key::<&str>()? {
            if key == "v" && fits.is_none() {
                fits = Some(map.next_value_seed(ValueSeed(&mut *self.0))?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        if fits.unwrap_or_else(|| self.0.push(None)) {
            return Ok(());
        }
        Err(serde::de::Error::custom("the page is too large"))
    }
}

/// The value of a cell: a text, nothing, or for lists and records their JSON.
struct ValueSeed<'a>(&'a mut Rows);

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<bool, E> {
        Ok(self.0.push(Some(text)))
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(self.0.push(None))
    }

    fn visit_bool<E>(self, value: bool) -> Result<bool, E> {
        Ok(self.0.push(Some(if value { "true" } else { "false" })))
    }

    fn visit_i64<E>(self, value: i64) -> Result<bool, E> {
        Ok(self.0.push(Some(&value.to_string())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<bool, E> {
        Ok(self.0.push(Some(&value.to_string())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<bool, E> {
        Ok(self.0.push(Some(&value.to_string())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<bool, A::Error> {
        let value: Value = serde::Deserialize::deserialize(serde::de::value::SeqAccessDeserializer::new(list))?;
        Ok(self.0.push(Some(&value.to_string())))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<bool, A::Error> {
        let value: Value = serde::Deserialize::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
        Ok(self.0.push(Some(&value.to_string())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_in_whatever_order_its_keys_come() {
        let json = br#"{"rows":[{"f":[{"v":"1700000000000000"},{"v":null}]},{"f":[{"v":"\"\u00e9"},{"v":[{"v":"x"}]}]}],
            "totalRows":"9007199254740993","pageToken":"t","kind":"k","jobComplete":true,
            "schema":{"fields":[{"name":"at","type":"INTEGER","mode":"NULLABLE"},{"name":"tags","type":"STRING","mode":"REPEATED"}]}}"#;
        let page = Page::read(json).unwrap();
        let expected = vec![vec![Some("1700000000000000"), None], vec![Some("\"é"), Some(r#"[{"v":"x"}]"#)]];
        assert_eq!(page.rows.texts(0..2), expected);
        assert_eq!((page.total_rows, page.token.as_deref(), page.complete), (9_007_199_254_740_993, Some("t"), true));
        assert_eq!((page.columns[0].kind.as_str(), page.columns[1].repeated), ("INT64", true));
        assert_eq!(page.rows.cell(0, 2), None, "no cell of the next row");
    }

    #[test]
    fn an_unfinished_query_has_no_rows_and_a_torn_page_is_refused() {
        assert!(!Page::read(br#"{"jobComplete":false}"#).unwrap().complete);
        assert!(Page::read(br#"{"jobComplete":true,"rows":[{"f":[{"v":"1"}]},{"f":[{"v""#).is_err());
        assert!(Page::read(br#"{"rows":[{"f":[{"v":"1"}]},{"f":[]}]}"#).is_err(), "rows of different lengths");
    }
}
