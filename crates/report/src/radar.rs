//! The radar chart per chapter: one geometry for paper and for the page.

use crate::print::Lang;
use std::f64::consts::TAU;
use std::fmt::Write;

/// A place on the drawing, in its unit, y growing downwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

/// One chapter: its label and the share achieved (0..=1), this year and last year; `None` where nothing was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct RadarAxis {
    pub label: String,
    pub this_year: Option<f64>,
    pub last_year: Option<f64>,
}

/// A radar chart with its words.
#[derive(Debug, Clone, PartialEq)]
pub struct RadarChart {
    pub lang: Lang,
    pub title: String,
    /// Legend of the solid line, e.g. 令和8年度.
    pub this_year_label: String,
    /// Legend of the dashed line; the line is left out if no axis has a value.
    pub last_year_label: String,
    pub axes: Vec<RadarAxis>,
}

/// Fewest axes that make an area; with fewer, bars say more.
pub(crate) const FEWEST_AXES: usize = 3;
/// Most axes whose labels still find room.
pub(crate) const MOST_AXES: usize = 24;
/// The grid lines, as shares.
pub(crate) const RINGS: [f64; 4] = [0.25, 0.5, 0.75, 1.0];

impl RadarAxis {
    /// The label; a chapter without an answer says so, since its corner at the centre would read as 0 %.
    pub(crate) fn printed_label(&self) -> String {
        if self.this_year.is_some() { self.label.clone() } else { format!("{} －", self.label) }
    }
}

impl RadarChart {
    /// The values of one line, missing ones as 0.
    pub(crate) fn values(&self, last: bool) -> Vec<f64> {
        self.axes.iter().map(|axis| if last { axis.last_year } else { axis.this_year }.unwrap_or(0.0)).collect()
    }

    /// Whether there is a last assessment to compare with.
    pub(crate) fn has_last_year(&self) -> bool {
        self.axes.iter().any(|axis| axis.last_year.is_some())
    }

    /// Whether the number of chapters lets a radar be read.
    pub(crate) fn is_drawable(&self) -> bool {
        (FEWEST_AXES..=MOST_AXES).contains(&self.axes.len())
    }
}

/// Corners of the line through `values`: the first axis points up, the others follow clockwise at equal angles; a value is
/// the share (0..=1) of the radius. Values outside are brought in, NaN counts as 0.
pub fn radar_points(values: &[f64], centre: Point, radius: f64) -> Vec<Point> {
    values
        .iter()
        .enumerate()
        .map(|(at, value)| {
            let share = if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) };
            let angle = TAU * at as f64 / values.len() as f64;
            Point { x: centre.x + share * radius * angle.sin(), y: centre.y - share * radius * angle.cos() }
        })
        .collect()
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 460.0;
const CENTRE: Point = Point { x: 320.0, y: 215.0 };
const RADIUS: f64 = 150.0;
/// Characters of a label line, and lines of a label.
const LABEL_LINE: usize = 10;
const LABEL_LINES: usize = 2;

/// The chart as a self-contained SVG for the page: title and description for screen readers, full labels as tooltips, last
/// year dashed with hollow marks so that it reads without colour. Style hooks: classes `radar-grid`, `radar-axis`,
/// `radar-now`, `radar-last`. Texts are escaped. With fewer than three or more than 24 axes it is a bar chart.
pub fn radar_svg(chart: &RadarChart) -> String {
    let mut svg = String::new();
    let height = if chart.is_drawable() { HEIGHT } else { bars_height(chart) };
    // Writing to a String cannot fail; `_ =` below says so once per line.
    _ = write!(
        svg,
        "<svg class=\"radar\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         font-family=\"inherit\" font-size=\"12\"><title>{}</title><desc>{}</desc>",
        escape(&chart.title),
        escape(&description(chart)),
    );
    if chart.is_drawable() {
        draw_grid(&mut svg, chart);
        draw_labels(&mut svg, chart);
        if chart.has_last_year() {
            draw_line(&mut svg, &chart.values(true), "radar-last", "none", " stroke-dasharray=\"6 4\"", "#fff");
        }
        draw_line(&mut svg, &chart.values(false), "radar-now", "#1a1a1c", "", "#1a1a1c");
    } else {
        draw_bars(&mut svg, chart);
    }
    draw_legend(&mut svg, chart, height);
    svg.push_str("</svg>");
    svg
}

/// One sentence per chapter, so that the figures are there without the drawing.
pub(crate) fn description(chart: &RadarChart) -> String {
    let percent = |value: Option<f64>| match value {
        Some(share) => format!("{:.0}%", share * 100.0),
        None => "－".to_owned(),
    };
    let parts = chart.axes.iter().map(|axis| {
        let mut text = format!("{} {} {}", axis.label, chart.this_year_label, percent(axis.this_year));
        if chart.has_last_year() {
            _ = write!(text, " / {} {}", chart.last_year_label, percent(axis.last_year));
        }
        text
    });
    parts.collect::<Vec<_>>().join(if chart.lang == Lang::Ja { "、" } else { "; " })
}

fn draw_grid(svg: &mut String, chart: &RadarChart) {
    let count = chart.axes.len();
    for ring in RINGS {
        let corners = radar_points(&vec![ring; count], CENTRE, RADIUS);
        _ = write!(
            svg,
            "<polygon class=\"radar-grid\" points=\"{}\" fill=\"none\" stroke=\"#949497\" stroke-width=\"{}\"/>",
            joined(&corners),
            if ring == 1.0 { 1.2 } else { 0.6 },
        );
    }
    for tip in radar_points(&vec![1.0; count], CENTRE, RADIUS) {
        _ = write!(
            svg,
            "<line class=\"radar-axis\" x1=\"{}\" y1=\"{}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"#949497\" stroke-width=\"0.6\"/>",
            CENTRE.x, CENTRE.y, tip.x, tip.y,
        );
    }
    for ring in RINGS {
        _ = write!(
            svg,
            "<text class=\"radar-scale\" x=\"{:.1}\" y=\"{:.1}\" font-size=\"10\" fill=\"#626264\">{:.0}%</text>",
            CENTRE.x + 4.0,
            CENTRE.y - ring * RADIUS + 10.0,
            ring * 100.0,
        );
    }
}

fn draw_labels(svg: &mut String, chart: &RadarChart) {
    let tips = radar_points(&vec![1.0; chart.axes.len()], CENTRE, RADIUS + 16.0);
    for (axis, tip) in chart.axes.iter().zip(tips) {
        let (dx, dy) = (tip.x - CENTRE.x, tip.y - CENTRE.y);
        let anchor = match dx {
            dx if dx.abs() < RADIUS * 0.1 => "middle",
            dx if dx > 0.0 => "start",
            _ => "end",
        };
        let lines = label_lines(&axis.printed_label());
        let top = if dy < -RADIUS * 0.8 { tip.y - 14.0 * (lines.len() as f64 - 1.0) } else { tip.y + 4.0 };
        _ = write!(svg, "<text text-anchor=\"{anchor}\" fill=\"#1a1a1c\"><title>{}</title>", escape(&axis.label));
        for (at, line) in lines.iter().enumerate() {
            _ = write!(svg, "<tspan x=\"{:.1}\" y=\"{:.1}\">{}</tspan>", tip.x, top + 14.0 * at as f64, escape(line));
        }
        svg.push_str("</text>");
    }
}

/// A label in at most two short lines; a cut one ends in `…` (the tooltip has it all).
fn label_lines(label: &str) -> Vec<String> {
    let chars: Vec<char> = label.chars().collect();
    let wide = chars.iter().filter(|c| !c.is_ascii()).count() * 2 >= chars.len();
    let per_line = if wide { LABEL_LINE } else { LABEL_LINE * 2 - 4 };
    let mut lines: Vec<String> =
        chars.chunks(per_line).take(LABEL_LINES).map(|line| line.iter().collect::<String>()).collect();
    if chars.len() > per_line * LABEL_LINES
        && let Some(last) = lines.last_mut()
    {
        last.pop();
        last.push('…');
    }
    lines
}

fn draw_line(svg: &mut String, values: &[f64], class: &str, fill: &str, dash: &str, mark: &str) {
    let corners = radar_points(values, CENTRE, RADIUS);
    _ = write!(
        svg,
        "<polygon class=\"{class}\" points=\"{}\" fill=\"{fill}\" fill-opacity=\"0.12\" stroke=\"#1a1a1c\" \
         stroke-width=\"2\"{dash}/>",
        joined(&corners),
    );
    for corner in corners {
        _ = write!(
            svg,
            "<circle class=\"{class}-mark\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"{mark}\" stroke=\"#1a1a1c\"/>",
            corner.x, corner.y,
        );
    }
}

fn bars_height(chart: &RadarChart) -> f64 {
    chart.axes.len() as f64 * 34.0 + 60.0
}

fn draw_bars(svg: &mut String, chart: &RadarChart) {
    let full = WIDTH - 300.0;
    for (at, axis) in chart.axes.iter().enumerate() {
        let y = 20.0 + at as f64 * 34.0;
        _ = write!(
            svg,
            "<text x=\"230\" y=\"{:.1}\" text-anchor=\"end\"><title>{}</title>{}</text>\
             <rect class=\"radar-now\" x=\"240\" y=\"{y:.1}\" width=\"{:.1}\" height=\"12\" fill=\"#1a1a1c\"/>",
            y + 12.0,
            escape(&axis.label),
            escape(&label_lines(&axis.printed_label()).concat()),
            full * axis.this_year.unwrap_or(0.0).clamp(0.0, 1.0),
        );
        if let Some(last) = axis.last_year {
            _ = write!(
                svg,
                "<rect class=\"radar-last\" x=\"240\" y=\"{:.1}\" width=\"{:.1}\" height=\"8\" fill=\"none\" \
                 stroke=\"#1a1a1c\" stroke-dasharray=\"6 4\"/>",
                y + 14.0,
                full * last.clamp(0.0, 1.0),
            );
        }
    }
}

fn draw_legend(svg: &mut String, chart: &RadarChart, height: f64) {
    let y = height - 14.0;
    _ = write!(
        svg,
        "<line x1=\"150\" y1=\"{y}\" x2=\"186\" y2=\"{y}\" stroke=\"#1a1a1c\" stroke-width=\"2\"/>\
         <text x=\"194\" y=\"{}\">{}</text>",
        y + 4.0,
        escape(&chart.this_year_label),
    );
    if chart.has_last_year() {
        _ = write!(
            svg,
            "<line x1=\"350\" y1=\"{y}\" x2=\"386\" y2=\"{y}\" stroke=\"#1a1a1c\" stroke-width=\"2\" stroke-dasharray=\"6 4\"/>\
             <text x=\"394\" y=\"{}\">{}</text>",
            y + 4.0,
            escape(&chart.last_year_label),
        );
    }
}

fn joined(points: &[Point]) -> String {
    points.iter().map(|p| format!("{:.1},{:.1}", p.x, p.y)).collect::<Vec<_>>().join(" ")
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in crate::clean::clean_line(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(count: usize) -> RadarChart {
        let axes = (0..count).map(|at| RadarAxis {
            label: format!("第{at}章 <物理&環境>\"対策\"の長い題名です"),
            this_year: Some(0.5),
            last_year: (at > 0).then_some(0.25),
        });
        RadarChart {
            lang: Lang::Ja,
            title: "章別<達成率>".into(),
            this_year_label: "令和8年度".into(),
            last_year_label: "令和7年度".into(),
            axes: axes.collect(),
        }
    }

    #[test]
    fn first_axis_points_up_and_the_rest_follow_clockwise() {
        let points = radar_points(&[1.0, 0.5, f64::NAN, 7.0], Point { x: 10.0, y: 10.0 }, 10.0);
        let near = |p: Point, x: f64, y: f64| (p.x - x).abs() < 1e-9 && (p.y - y).abs() < 1e-9;
        assert!(near(points[0], 10.0, 0.0) && near(points[1], 15.0, 10.0));
        assert!(near(points[2], 10.0, 10.0) && near(points[3], 0.0, 10.0));
        assert!(radar_points(&[], Point { x: 0.0, y: 0.0 }, 1.0).is_empty());
    }

    #[test]
    fn svg_is_described_escaped_and_dashed() {
        let svg = radar_svg(&chart(6));
        assert!(svg.contains("<title>章別&lt;達成率&gt;</title>") && svg.contains("<desc>第0章"));
        assert!(svg.contains("stroke-dasharray") && svg.contains("role=\"img\"") && !svg.contains("<物理"));
        assert!(svg.contains("令和8年度 50% / 令和7年度 －"));
    }

    #[test]
    fn two_chapters_become_bars() {
        let svg = radar_svg(&chart(2));
        assert!(svg.contains("<rect class=\"radar-now\"") && !svg.contains("<polygon"));
    }
}
