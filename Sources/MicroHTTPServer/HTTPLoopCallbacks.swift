// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import CMicroHTTPD
import CMicroHTTPDShim
import HTTPKit
import Logging

// The library's calls, each handed on to its object. Global functions, because a closure written elsewhere could belong to an actor and be refused on the loop's thread.

/// The life of a loop's thread.
func runLoop(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    Unmanaged<HTTPLoop>.fromOpaque(context).takeRetainedValue().run()
    return nil
}

private func loop(_ context: UnsafeMutableRawPointer?) -> HTTPLoop? {
    context.map { Unmanaged<HTTPLoop>.fromOpaque($0).takeUnretainedValue() }
}

/// A connection was accepted or closed.
func connectionChanged(
    _ context: UnsafeMutableRawPointer?,
    _ handle: OpaquePointer?,
    _ stored: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    _ change: MHD_ConnectionNotificationCode
) {
    guard let loop = loop(context), let handle, let stored else { return }
    if change == .CONNECTION_NOTIFY_STARTED {
        let connection = HTTPConnection(descriptor: microhttpd_socket(handle), identity: loop.tls?.identity)
        stored.pointee = Unmanaged.passRetained(connection).toOpaque()
        loop.opened(connection)
        if let identity = connection.identity, !identity.use(on: handle) { connection.cut() }
    } else {
        guard let pointer = stored.pointee else { return }
        stored.pointee = nil
        loop.closed(Unmanaged<HTTPConnection>.fromOpaque(pointer).takeRetainedValue())
    }
}

/// A request line was read.
func targetReceived(
    _ context: UnsafeMutableRawPointer?,
    _ target: UnsafePointer<CChar>?,
    _ handle: OpaquePointer?
) -> UnsafeMutableRawPointer? {
    guard let loop = loop(context), let handle, let pointer = microhttpd_connection_context(handle) else { return nil }
    let connection = Unmanaged<HTTPConnection>.fromOpaque(pointer).takeUnretainedValue()
    let exchange = HTTPExchange(target: target.map { String(cString: $0) } ?? "", connection: connection, loop: loop)
    loop.began(exchange)
    return Unmanaged.passRetained(exchange).toOpaque()
}

/// More of a request is there, or its answer is wanted.
func requestProceeds(
    _ context: UnsafeMutableRawPointer?,
    _ handle: OpaquePointer?,
    _ path: UnsafePointer<CChar>?,
    _ method: UnsafePointer<CChar>?,
    _ version: UnsafePointer<CChar>?,
    _ data: UnsafePointer<CChar>?,
    _ size: UnsafeMutablePointer<Int>?,
    _ stored: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
    guard let handle, let pointer = stored?.pointee else { return .NO }
    let exchange = Unmanaged<HTTPExchange>.fromOpaque(pointer).takeUnretainedValue()
    return exchange.proceed(handle, method: method, version: version, data: data, size: size)
}

/// The library is done with a request.
func requestCompleted(
    _ context: UnsafeMutableRawPointer?,
    _ handle: OpaquePointer?,
    _ stored: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    _ reason: MHD_RequestTerminationCode
) {
    guard let loop = loop(context), let pointer = stored?.pointee else { return }
    stored?.pointee = nil
    loop.ended(Unmanaged<HTTPExchange>.fromOpaque(pointer).takeRetainedValue())
}

/// The library has something to say.
func libraryLogs(_ context: UnsafeMutableRawPointer?, _ message: UnsafePointer<CChar>?) {
    guard let loop = loop(context), let message else { return }
    loop.logger.debug("libmicrohttpd", metadata: ["message": "\(String(cString: message))"])
}
