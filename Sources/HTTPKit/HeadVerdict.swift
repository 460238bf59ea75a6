// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What becomes of a request whose head is there and whose body is still to come.
public enum HeadVerdict: Sendable {
    /// Its body is taken, up to so many octets; nil leaves their number to the server.
    case taken(mostBodyOctets: Int?)
    /// It is answered by this at once, and its body is not read.
    case refused(HTTPResponse)
}
