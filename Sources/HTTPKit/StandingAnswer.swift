// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// An answer that stands for a while: whoever made it can give it again, brought up to date, without making it anew.
///
/// It may depend on nothing of a request but the target and the media type that was chosen. Requests with any other field that
/// could matter always reach their handler.
public protocol StandingAnswer: Sendable {
    /// The answer as of `now`, which is the present instant; nil once it does not stand any more.
    func repeated(at now: ContinuousClock.Instant) -> HTTPResponse?
}
