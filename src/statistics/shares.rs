//! Cutting customers into shares: the lower half, the top 15 per cent, fifths. Only the places of the cuts are kept, so that
//! any number of customers can be cut while their figures stream by in order.

/// The place (from 0) of the figure that a share of so many per cent, counted from the smallest, ends with. Whoever has more
/// than that figure stands above the share; equal figures stand together below, so that a share "at the top" is never larger
/// than it says. `None` where there is nobody.
pub fn cut_place(per_cent: i64, count: i64) -> Option<i64> {
    let within = (per_cent * count + 99) / 100;
    (count > 0 && within > 0).then(|| within.min(count) - 1)
}

/// Points from 1: one more for each cut that a figure lies above. Cuts stand in rising order.
pub fn points(figure: i64, cuts: &[i64]) -> usize {
    1 + cuts.iter().filter(|cut| figure > **cut).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cuts(figures: &[i64], per_cent: &[i64]) -> Vec<i64> {
        let mut sorted = figures.to_vec();
        sorted.sort_unstable();
        let place = |share: &i64| cut_place(*share, sorted.len() as i64).and_then(|place| sorted.get(place as usize));
        per_cent.iter().filter_map(place).copied().collect()
    }

    #[test]
    fn fifths_of_different_figures_are_equally_large() {
        let figures: Vec<i64> = (1..=20).collect();
        let cuts = cuts(&figures, &[20, 40, 60, 80]);
        assert_eq!(cuts, [4, 8, 12, 16]);
        let given: Vec<usize> = [1, 4, 5, 16, 17, 20].iter().map(|figure| points(*figure, &cuts)).collect();
        assert_eq!(given, [1, 1, 2, 4, 5, 5]);
    }

    #[test]
    fn the_top_is_never_larger_than_it_says() {
        for count in 1..200_i64 {
            let figures: Vec<i64> = (0..count).collect();
            let cut = cuts(&figures, &[85]);
            let top = figures.iter().filter(|figure| **figure > cut[0]).count() as i64;
            assert!(top * 100 <= count * 15, "{top} of {count}");
            assert!((top + 1) * 100 > count * 15, "{top} of {count} is too few");
        }
    }

    #[test]
    fn who_is_alike_stands_together_and_low() {
        let cuts = cuts(&[1, 1, 1, 1, 1, 1, 1, 1, 2, 9], &[20, 40, 60, 80]);
        assert_eq!((points(1, &cuts), points(2, &cuts), points(9, &cuts)), (1, 5, 5));
        assert_eq!(cut_place(85, 0), None);
    }
}
