// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import CMosquitto
import Synchronization

// Sendable without the compiler's proof: the handle is made and destroyed here once and never changes; in between only functions
// of libmosquitto use it, which may be called from any thread. What the library's thread calls back touches atomics only.

/// Publishes to an MQTT broker with quality of service 1; connects, and connects again, by itself.
///
/// Messages wait in memory while the broker is away, up to a bound; those beyond it are dropped and counted.
public final class MQTTPublisher: @unchecked Sendable {
    /// Counts since the start.
    public struct Counts: Hashable, Sendable {
        /// Messages that the broker has confirmed.
        public var confirmed = 0
        /// Messages that found no room.
        public var dropped = 0
        /// Messages that wait for the broker.
        public var waiting = 0
        /// Whether the broker is connected.
        public var isConnected = false
    }

    private final class Standing: Sendable {
        let confirmed = Atomic(0)
        let dropped = Atomic(0)
        let waiting = Atomic(0)
        let isConnected = Atomic(false)
    }

    /// More messages than this do not wait.
    private static let mostWaiting = 10_000
    private static let keepAliveSeconds: Int32 = 30
    private static let longestPauseSeconds: UInt32 = 30
    private static let library = mosquitto_lib_init()

    private let handle: OpaquePointer
    private let standing = Standing()
    private let settings: MQTTSettings

    /// Makes a publisher; reads the certificates of authorities.
    public init(_ settings: MQTTSettings) throws(MQTTFault) {
        _ = Self.library
        self.settings = settings
        let object = Unmanaged.passUnretained(standing).toOpaque()
        guard let handle = mosquitto_new(settings.client, true, object) else {
            throw .refused(what: "the name of the client", reason: settings.client)
        }
        self.handle = handle
        mosquitto_reconnect_delay_set(handle, 1, Self.longestPauseSeconds, true)
        if let user = settings.user {
            let octets = settings.password?.exposedOctets ?? []
            let password = String(decoding: octets, as: UTF8.self)
            try Self.check(mosquitto_username_pw_set(handle, user, password), "user and password")
        }
        if settings.isSecure {
            let folder = settings.authorityFile == nil ? "/etc/ssl/certs" : nil
            try Self.check(
                mosquitto_tls_set(handle, settings.authorityFile, folder, nil, nil, nil),
                "the file of authorities"
            )
        }
        mosquitto_connect_callback_set(handle) { _, object, code in
            MQTTPublisher.standing(object)?.isConnected.store(code == 0, ordering: .relaxed)
        }
        mosquitto_disconnect_callback_set(handle) { _, object, _ in
            MQTTPublisher.standing(object)?.isConnected.store(false, ordering: .relaxed)
        }
        mosquitto_publish_callback_set(handle) { _, object, _ in
            MQTTPublisher.standing(object)?.waiting.subtract(1, ordering: .relaxed)
            MQTTPublisher.standing(object)?.confirmed.add(1, ordering: .relaxed)
        }
    }

    deinit { mosquitto_destroy(handle) }

    /// Counts since the start, and how things stand.
    public var counts: Counts {
        Counts(
            confirmed: standing.confirmed.load(ordering: .relaxed),
            dropped: standing.dropped.load(ordering: .relaxed),
            waiting: standing.waiting.load(ordering: .relaxed),
            isConnected: standing.isConnected.load(ordering: .relaxed)
        )
    }

    /// Tries to connect for the first time; once that has gone well, a thread of the library's connects again and again.
    ///
    /// - Returns: whether it went well; if not, it has to be tried again.
    /// - Throws: ``MQTTFault/refused(what:reason:)``.
    public func start() throws(MQTTFault) -> Bool {
        let code = mosquitto_connect_async(handle, settings.host, Int32(settings.port), Self.keepAliveSeconds)
        guard code == MOSQ_ERR_SUCCESS.rawValue else { return false }
        try Self.check(mosquitto_loop_start(handle), "a thread")
        return true
    }

    /// Says goodbye and ends the thread; waits for it.
    public func stop() {
        mosquitto_disconnect(handle)
        mosquitto_loop_stop(handle, true)
    }

    /// Publishes a message, now or when the broker is back.
    ///
    /// - Parameters:
    ///   - topic: what follows the prefix, without a slash at the beginning.
    ///   - isRetained: whether the broker keeps it for those who come later.
    public func publish(_ payload: [UInt8], to topic: String, isRetained: Bool) {
        guard standing.waiting.load(ordering: .relaxed) < Self.mostWaiting else {
            standing.dropped.add(1, ordering: .relaxed)
            return
        }
        standing.waiting.add(1, ordering: .relaxed)
        let code = mosquitto_publish(
            handle,
            nil,
            "\(settings.prefix)/\(topic)",
            Int32(payload.count),
            payload,
            1,
            isRetained
        )
        // Without a connection the library keeps the message and says so.
        guard code != MOSQ_ERR_SUCCESS.rawValue, code != MOSQ_ERR_NO_CONN.rawValue else { return }
        standing.waiting.subtract(1, ordering: .relaxed)
        standing.dropped.add(1, ordering: .relaxed)
    }

    private static func standing(_ object: UnsafeMutableRawPointer?) -> Standing? {
        object.map { Unmanaged<Standing>.fromOpaque($0).takeUnretainedValue() }
    }

    private static func check(_ code: Int32, _ what: String) throws(MQTTFault) {
        guard code != MOSQ_ERR_SUCCESS.rawValue else { return }
        throw .refused(what: what, reason: String(cString: mosquitto_strerror(code)))
    }
}
