//! What a sampling server answers.

use crate::wire::otlp::json::Json;
use alloc::{boxed::Box, vec::Vec};
use core::fmt;

/// Operations with a strategy of their own at most; further ones share the default.
const MAX_OPERATIONS: usize = 2000;

/// A strategy as the server names it.
///
/// ```
/// use spanline_core::sample::RemoteStrategy;
/// let answer = br#"{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.25}}"#;
/// assert_eq!(RemoteStrategy::from_json(answer), Ok(RemoteStrategy::Probabilistic(0.25)));
/// ```
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum RemoteStrategy {
    /// This share of all traces, 0 to 1.
    Probabilistic(f64),
    /// So many traces per second at most.
    RateLimiting(f64),
    /// By the name of the trace's first span.
    PerOperation(OperationStrategies),
}

/// Strategies by the name of a trace's first span.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct OperationStrategies {
    /// The share of traces whose operation has no entry, 0 to 1.
    pub default_probability: f64,
    /// So many traces per second of each operation that has an entry are sampled at least, as far as there are that many.
    pub lower_bound: f64,
    /// Operations and the share of their traces, 0 to 1; 2,000 at most.
    pub operations: Vec<(Box<str>, f64)>,
}

/// Why an answer is no strategy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum StrategyError {
    /// It is not JSON.
    Malformed,
    /// A member has another type than it should have.
    WrongType,
    /// A probability is not between 0 and 1, or a number of traces is negative.
    OutOfRange,
    /// The strategy that it names is not there, or not known.
    NoStrategy,
}

impl fmt::Display for StrategyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "the answer is not JSON",
            Self::WrongType => "a member of the answer has the wrong type",
            Self::OutOfRange => "a number in the answer is out of its range",
            Self::NoStrategy => "the answer names no strategy that is known",
        })
    }
}

impl core::error::Error for StrategyError {}

impl RemoteStrategy {
    /// Reads an answer of a Jaeger agent or collector. Unknown members are passed over; numbers that are left out are 0,
    /// as protobuf leaves them out.
    ///
    /// # Errors
    /// The answer is no strategy.
    pub fn from_json(answer: &[u8]) -> Result<Self, StrategyError> {
        const WRONG: StrategyError = StrategyError::WrongType;
        let answer = Json::parse(answer).map_err(|_| StrategyError::Malformed)?;
        let names = [
            "operationSampling",
            "strategyType",
            "probabilisticSampling",
            "rateLimitingSampling",
        ];
        let [operations, kind, probabilistic, rate_limiting] = answer.members(names).map_err(|_| WRONG)?;
        if let Some(operations) = operations {
            return per_operation(operations).map(Self::PerOperation);
        }
        let is_limit = match kind {
            None => false,
            Some(kind) if kind.is_string() => match &*kind.str().map_err(|_| WRONG)? {
                "PROBABILISTIC" => false,
                "RATE_LIMITING" => true,
                _ => return Err(StrategyError::NoStrategy),
            },
            Some(kind) => match kind.enumeration().map_err(|_| WRONG)? {
                0 => false,
                1 => true,
                _ => return Err(StrategyError::NoStrategy),
            },
        };
        if is_limit {
            let [number] = members(
                rate_limiting.ok_or(StrategyError::NoStrategy)?,
                ["maxTracesPerSecond"],
            )?;
            return per_second(number).map(Self::RateLimiting);
        }
        let [number] = members(probabilistic.ok_or(StrategyError::NoStrategy)?, ["samplingRate"])?;
        probability(number).map(Self::Probabilistic)
    }
}

fn members<'a, const N: usize>(
    of: Json<'a>,
    names: [&str; N],
) -> Result<[Option<Json<'a>>; N], StrategyError> {
    of.members(names).map_err(|_| StrategyError::WrongType)
}

fn per_operation(value: Json<'_>) -> Result<OperationStrategies, StrategyError> {
    let names = [
        "defaultSamplingProbability",
        "defaultLowerBoundTracesPerSecond",
        "perOperationStrategies",
    ];
    let [default, lower_bound, list] = members(value, names)?;
    let mut operations: Vec<(Box<str>, f64)> = Vec::new();
    let mut wrong = None;
    let mut one = |entry: Json<'_>| -> Result<(), StrategyError> {
        let [name, strategy] = members(entry, ["operation", "probabilisticSampling"])?;
        let name = name.ok_or(StrategyError::WrongType)?.str();
        let name = name.map_err(|_| StrategyError::WrongType)?;
        // One without a strategy has the default.
        let Some(strategy) = strategy else { return Ok(()) };
        let [number] = members(strategy, ["samplingRate"])?;
        let probability = probability(number)?;
        if operations.len() < MAX_OPERATIONS {
            operations.push((Box::from(&*name), probability));
        }
        Ok(())
    };
    if let Some(list) = list {
        let read = list.elements(|entry| {
            if wrong.is_none() {
                wrong = one(entry).err();
            }
            Ok(())
        });
        read.map_err(|_| StrategyError::WrongType)?;
    }
    match wrong {
        Some(wrong) => Err(wrong),
        None => Ok(OperationStrategies {
            default_probability: probability(default)?,
            lower_bound: per_second(lower_bound)?,
            operations,
        }),
    }
}

fn probability(value: Option<Json<'_>>) -> Result<f64, StrategyError> {
    let number = number(value)?;
    match (0.0..=1.0).contains(&number) {
        // Also makes -0 a plain 0.
        true => Ok(number.abs()),
        false => Err(StrategyError::OutOfRange),
    }
}

fn per_second(value: Option<Json<'_>>) -> Result<f64, StrategyError> {
    match number(value)? {
        number if number >= 0.0 && number.is_finite() => Ok(number.abs()),
        _ => Err(StrategyError::OutOfRange),
    }
}

/// A number, or its text: the JSON form of protobuf allows both.
fn number(value: Option<Json<'_>>) -> Result<f64, StrategyError> {
    match value {
        None => Ok(0.0),
        Some(value) => value.f64().map_err(|_| StrategyError::WrongType),
    }
}
