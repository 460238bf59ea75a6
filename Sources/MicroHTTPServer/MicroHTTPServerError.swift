// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Glibc

/// Why the HTTP server cannot start; the operator is at fault, or the machine.
public enum MicroHTTPServerError: Error, Hashable, Sendable {
    /// The host stands for no address.
    case unknownHost(String)
    /// Another process, or another server of this one, listens on that address and port.
    case portInUse(host: String, port: UInt16)
    /// The port may not be taken without more rights.
    case permissionDenied(host: String, port: UInt16)
    /// The address is not one of this machine.
    case addressNotLocal(host: String)
    /// A socket that was to be taken over is not what the settings say.
    case unsuitableSocket(reason: String)
    /// A system call failed; `code` is its errno.
    case system(call: String, code: Int32)
    /// The HTTP library refused to start.
    case libraryRefused
    /// The server was started before.
    case alreadyStarted
}

extension MicroHTTPServerError: CustomStringConvertible {
    /// One sentence for the operator.
    public var description: String {
        switch self {
        case .unknownHost(let host): "the host '\(host)' stands for no address"
        case .portInUse(let host, let port): "port \(port) on \(host) is in use"
        case .permissionDenied(let host, let port): "no permission to listen on port \(port) of \(host)"
        case .addressNotLocal(let host): "'\(host)' is not an address of this machine"
        case .unsuitableSocket(let reason): "the socket that was handed over cannot be used: \(reason)"
        case .system(let call, let code): "\(call) failed: \(String(cString: strerror(code)))"
        case .libraryRefused: "the HTTP library refused to start"
        case .alreadyStarted: "the server was started before"
        }
    }
}
