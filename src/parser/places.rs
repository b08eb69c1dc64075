//! From offsets in a logical line, whose continuations are joined, to places in the source.

use crate::source::Span;

/// Where the bytes of a logical line stand in the source.
#[derive(Debug, Clone, Default)]
pub(super) struct Places {
    /// Offset in the logical line and offset in the source, for each piece; ascending.
    pieces: Vec<(usize, usize)>,
}

impl Places {
    /// Notes that a piece that stands at an offset of the source follows at an offset of the line.
    pub fn push(&mut self, logical: usize, source: usize) {
        self.pieces.push((logical, source));
    }

    /// Returns the bytes in the source of a range of the logical line.
    pub fn span(&self, start: usize, end: usize) -> Span {
        if start == end {
            let at = self.offset(start);
            return Span::new(at, at);
        }
        // The end belongs to the last byte: the byte behind it may come from another line.
        Span::new(self.offset(start), self.offset(end - 1) + 1)
    }

    fn offset(&self, logical: usize) -> usize {
        let next = self.pieces.partition_point(|(at, _)| *at <= logical);
        let (at, source) = self.pieces[next.max(1) - 1];
        source + (logical - at)
    }
}

#[cfg(test)]
mod tests {
    use super::Places;
    use crate::source::Span;

    #[test]
    fn a_range_ends_in_the_piece_of_its_last_byte() {
        // "ab" stands at 10, "cd" at 20.
        let mut places = Places::default();
        places.push(0, 10);
        places.push(2, 20);
        assert_eq!(places.span(0, 2), Span::new(10, 12));
        assert_eq!(places.span(1, 3), Span::new(11, 21));
        assert_eq!(places.span(2, 4), Span::new(20, 22));
        assert_eq!(places.span(2, 2), Span::new(20, 20));
    }
}
