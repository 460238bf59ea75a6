// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What one request came to: for the access log and for metrics.
public struct AccessRecord: Sendable {
    /// The request.
    public let request: HTTPRequest
    /// What is known of who sent it.
    public let identity: CallerIdentity
    /// The pattern of the route that answered, such as `/meters/{id}`; nil if none did.
    public let route: String?
    /// The status code.
    public let status: Int
    /// The name of the problem if the answer was one.
    public let problem: String?
    /// The length of the body in octets; nil for a streamed one.
    public let bodyOctets: Int?
    /// From the request being complete to its answer being ready; a streamed body is not part of it.
    public let duration: Duration
}
