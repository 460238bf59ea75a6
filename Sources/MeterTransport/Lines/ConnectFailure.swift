// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Sorts the errors of connecting.
enum ConnectFailure {
    /// What an error of the bootstrap means.
    static func transportError(of error: any Error, _ endpoint: TCPEndpoint) -> TransportError {
        if let failure = error as? NIOConnectionError {
            // The last address tried stands for all of them; without any, the name is at fault.
            guard let last = failure.connectionErrors.last else {
                return TransportError(.nameNotResolved(host: endpoint.host))
            }
            return transportError(of: last.error, endpoint)
        }
        if let failure = error as? ChannelError, case .connectTimeout = failure {
            return TransportError(.connectTimeout)
        }
        guard let failure = error as? IOError else { return TransportError(.unreachable(code: 0)) }
        return switch failure.errnoCode {
        case ECONNREFUSED: TransportError(.refused)
        case ETIMEDOUT: TransportError(.connectTimeout)
        default: TransportError(.unreachable(code: failure.errnoCode))
        }
    }
}
