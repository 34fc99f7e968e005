//! The colours of `style.css`: contrast, and difference for every kind of colour vision.

use super::*;

const STYLE: &str = include_str!("../../../style.css");

/// A colour in linear RGB, each component from 0 to 1.
type Rgb = [f64; 3];

/// Simulation of full dichromacy: Machado, Oliveira and Fernandes 2009, severity 1.
const COLOUR_VISIONS: [(&str, [Rgb; 3]); 4] = [
    ("normal", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    (
        "protanopia",
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
    ),
    (
        "deuteranopia",
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ],
    ),
    (
        "tritanopia",
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ],
    ),
];

/// Returns a colour of `style.css` in the light scheme (0) or the dark one (1).
fn colour(name: &str, scheme: usize) -> Rgb {
    let definition = format!("--{name}: ");
    let mut definitions = STYLE.split(definition.as_str()).skip(1);
    let hex = &definitions.nth(scheme).unwrap()[..7];
    let part = |from| f64::from(u8::from_str_radix(&hex[from..from + 2], 16).unwrap()) / 255.0;
    [part(1), part(3), part(5)].map(|part| {
        if part <= 0.04045 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    })
}

fn times(matrix: &[Rgb; 3], colour: Rgb) -> Rgb {
    matrix.map(|row| row.iter().zip(colour).map(|(a, b)| a * b).sum())
}

/// Converts to Oklab (Ottosson 2020), where distances are as people see them.
fn oklab(colour: Rgb) -> Rgb {
    const TO_CONES: [Rgb; 3] = [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ];
    const TO_LAB: [Rgb; 3] = [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ];
    times(&TO_LAB, times(&TO_CONES, colour).map(f64::cbrt))
}

fn contrast(one: Rgb, other: Rgb) -> f64 {
    let luminance = |[red, green, blue]: Rgb| 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05;
    let (one, other) = (luminance(one), luminance(other));
    one.max(other) / one.min(other)
}

/// Returns the names of all colours that marks can have.
fn names() -> Vec<String> {
    (0..COLOURS)
        .map(|number| format!("replica-{number}"))
        .chain(["lost".to_owned()])
        .collect()
}

#[test]
fn all_marks_differ_for_every_colour_vision_in_light_and_dark() {
    for (scheme, (vision, matrix)) in
        (0..2).flat_map(|scheme| COLOUR_VISIONS.iter().map(move |vision| (scheme, vision)))
    {
        let seen = |name: &String| oklab(times(matrix, colour(name, scheme)).map(|part| part.clamp(0.0, 1.0)));
        for (index, one) in names().iter().enumerate() {
            for other in &names()[..index] {
                let between = seen(one)
                    .iter()
                    .zip(seen(other))
                    .map(|(a, b)| (a - b).powi(2))
                    .sum::<f64>()
                    .sqrt();
                // Two colours side by side differ visibly from about 0.02.
                assert!(
                    between > 0.08,
                    "{one} and {other}, scheme {scheme}, {vision} vision: {between:.3}"
                );
            }
        }
    }
}

#[test]
fn all_marks_have_the_contrast_that_wcag_requires_of_graphics() {
    for scheme in [0, 1] {
        for name in names() {
            let contrast = contrast(colour(&name, scheme), colour("surface", scheme));
            assert!(contrast >= 3.0, "{name}, scheme {scheme}: {contrast:.2}");
        }
    }
}

/// Safari before 17.5, Chrome before 123 and Firefox before 120 lack this function, and ignore every colour that uses it.
#[test]
fn colours_need_no_recent_browser() {
    assert!(!STYLE.contains("light-dark("));
}
