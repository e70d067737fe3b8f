//! The report as a picture: what was sent unasked by the hour, and who blocked the shop by the day.

use std::fmt::Write;

use super::Report;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 180.0;
const LEFT: f64 = 70.0;
const OURS: &str = "#0a7d5c";
const NAIVE: &str = "#c2452d";

/// An SVG that stands by itself.
pub fn svg(report: &Report) -> String {
    let hours = |counts: &[u64]| counts.iter().map(|count| *count as f64).collect::<Vec<_>>();
    let running = |counts: &[u64]| {
        let sum = counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum as f64)
        });
        sum.collect::<Vec<_>>()
    };
    let panels = [
        (
            "Messages that nobody asked for, by the hour",
            hours(&report.ours.unasked_by_hour),
            hours(&report.naive.unasked_by_hour),
        ),
        (
            "Customers who have blocked the shop, in total",
            running(&report.ours.blocks_by_day),
            running(&report.naive.blocks_by_day),
        ),
    ];
    let height = panels.len() as f64 * (HEIGHT + 70.0) + 40.0;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"{LEFT}\" y=\"22\">{} days, {} contacts, seed {}: <tspan fill=\"{OURS}\">Hotline</tspan> and \
         <tspan fill=\"{NAIVE}\">all at once, no gate</tspan></text>\n",
        LEFT + WIDTH + 20.0,
        report.days,
        report.contacts,
        report.seed,
    );
    for (index, (title, ours, naive)) in panels.iter().enumerate() {
        panel(&mut out, index as f64 * (HEIGHT + 70.0) + 60.0, title, [(naive, NAIVE), (ours, OURS)], report.days);
    }
    out.push_str("</svg>\n");
    out
}

fn panel(out: &mut String, top: f64, title: &str, lines: [(&Vec<f64>, &str); 2], days: u32) {
    let most = lines.iter().flat_map(|(values, _)| values.iter()).copied().fold(1.0, f64::max);
    let bottom = top + HEIGHT;
    let _infallible = write!(
        out,
        "<text x=\"{LEFT}\" y=\"{:.0}\">{title}</text>\n<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\">{most:.0}</text>\n\
         <text x=\"{:.0}\" y=\"{bottom:.0}\" text-anchor=\"end\">0</text>\n\
         <path d=\"M{LEFT} {top:.0}V{bottom:.0}H{:.0}\" fill=\"none\" stroke=\"#888\"/>\n",
        top - 8.0,
        LEFT - 6.0,
        top + 10.0,
        LEFT - 6.0,
        LEFT + WIDTH,
    );
    for day in (0..=days).step_by((days as usize / 10).max(1)) {
        let x = LEFT + WIDTH * f64::from(day) / f64::from(days.max(1));
        let y = bottom + 16.0;
        let _infallible = writeln!(out, "<text x=\"{x:.0}\" y=\"{y:.0}\" text-anchor=\"middle\">{day}</text>");
    }
    for (values, colour) in lines {
        let step = WIDTH / values.len().max(1) as f64;
        let mut path = String::new();
        for (index, value) in values.iter().enumerate() {
            let (x, y) = (LEFT + step * (index as f64 + 0.5), bottom - HEIGHT * value / most);
            let _infallible = write!(path, "{}{x:.1} {y:.1}", if index == 0 { "M" } else { "L" });
        }
        let _infallible = writeln!(out, "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"/>");
    }
}
