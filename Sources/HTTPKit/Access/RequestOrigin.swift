// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Tells where requests came from that another server sent on, which proved that it may say so.
public protocol RequestOrigin: Sendable {
    /// The address that the request came from before another server sent it on; nil when none did that is believed.
    func originalAddress(of request: HTTPRequest) -> String?
}
