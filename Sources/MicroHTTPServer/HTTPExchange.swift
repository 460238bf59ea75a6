// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import CMicroHTTPD
import CMicroHTTPDShim
import Glibc
import HTTPKit

/// One request and its answer.
///
/// ```
/// head ──> judging ──> body ──> answering ──> sent
///   │       │  ▲        │         │  ▲
///   │       └──┘        │         └──┘ suspended while the responder waits
///   └──────────┴────────┴──> sent (refused)
/// ```
// Sendable without the compiler's proof: every member is touched on the loop's thread only. The library calls back there, and the
// responder's task ends there because the loop is the task's executor. Once the loop has stopped, its jobs run elsewhere, but then
// `isEnded` is set, which the loop did before it handed over its last jobs under a lock.
final class HTTPExchange: @unchecked Sendable {
    private enum Phase {
        case head
        case judging
        case body
        case answering
        case sent
    }

    /// The connection it came on.
    let connection: HTTPConnection
    /// The target as sent.
    let target: String
    private let loop: HTTPLoop
    private var phase = Phase.head
    private var method = ""
    private var version = ""
    private var headers = HTTPHeaders()
    private var body: [UInt8] = []
    private var verdict: HeadVerdict?
    private var mostBodyOctets = 0
    /// What the connection did before it was waited for a verdict.
    private var arrival: HTTPConnection.Activity?
    /// What was taken of the allowance of all bodies.
    private var allowedOctets = 0
    private var refusal: Problem?
    private var request: HTTPRequest?
    private var response: HTTPResponse?
    private var suspension: SuspendedConnection?
    private var task: Task<Void, Never>?
    private var stream: StreamedBody?
    private var isEnded = false
    private var isProbed = false

    /// Starts with the request line.
    init(target: String, connection: HTTPConnection, loop: HTTPLoop) {
        self.target = target
        self.connection = connection
        self.loop = loop
    }

    // MARK: Called by the library

    /// The library has more of the request, or asks for the answer.
    func proceed(
        _ handle: OpaquePointer,
        method: UnsafePointer<CChar>?,
        version: UnsafePointer<CChar>?,
        data: UnsafePointer<CChar>?,
        size: UnsafeMutablePointer<Int>?
    ) -> MHD_Result {
        switch phase {
        case .head:
            self.method = method.map { String(cString: $0) } ?? ""
            self.version = version.map { String(cString: $0) } ?? ""
            return headReceived(handle)
        case .judging:
            // Resumed without a verdict: nobody waits for it any more.
            guard let verdict else { return .NO }
            return follow(verdict, handle)
        case .body:
            if let size, size.pointee > 0, let data {
                let isTaken = take(UnsafeRawBufferPointer(start: data, count: size.pointee))
                size.pointee = 0
                return isTaken ? .YES : .NO
            }
            return requestCompleted(handle)
        case .answering:
            // Resumed without an answer: nobody waits for it any more.
            guard let response else { return .NO }
            return queue(response, handle)
        case .sent:
            return .YES
        }
    }

    /// The library is done with the request, in whatever way.
    func ended() {
        isEnded = true
        task?.cancel()
        stream?.close()
        loop.bodies.giveBack(allowedOctets)
        allowedOctets = 0
    }

    private func headReceived(_ handle: OpaquePointer) -> MHD_Result {
        collectHeaders(handle)
        if let problem = loop.screening.problem(method: method, target: target, version: version, headers: headers) {
            return queue(refused(problem), handle)
        }
        // Most requests have no body.
        guard headers["Content-Length"] != nil || headers["Transfer-Encoding"] != nil else {
            phase = .body
            return .YES
        }
        let head = HTTPRequest(
            method: HTTPMethod(rawValue: method),
            rawTarget: target,
            headers: headers,
            remoteAddress: connection.remoteAddress,
            clientCertificate: connection.clientCertificate(handle)
        )
        request = head
        let responder = loop.responder
        if let verdict = responder.verdictAtHand(on: head) { return follow(verdict, handle) }
        phase = .judging
        let arrival = connection.activity
        connection.activity = .answering
        let task = Task.immediate(executorPreference: loop) { [self] in
            self.judged(await responder.verdict(on: head))
        }
        self.arrival = arrival
        if let verdict { return follow(verdict, handle) }
        self.task = task
        suspension = SuspendedConnection(suspending: handle)
        return .YES
    }

    private func judged(_ verdict: HeadVerdict) {
        guard !isEnded, self.verdict == nil else { return }
        self.verdict = verdict
        resume()
    }

    private func follow(_ verdict: HeadVerdict, _ handle: OpaquePointer) -> MHD_Result {
        switch verdict {
        case .refused(let response): return queue(response, handle)
        case .taken(let most):
            mostBodyOctets = most ?? loop.screening.limits.bodyOctets
            if let problem = loop.screening.problem(headers: headers, bodyOctets: mostBodyOctets) {
                return queue(refused(problem), handle)
            }
            phase = .body
            if let arrival { connection.activity = arrival }
            return .YES
        }
    }

    private func collectHeaders(_ handle: OpaquePointer) {
        withUnsafeMutablePointer(to: &headers) { pointer in
            _ = MHD_get_connection_values_n(handle, .HEADER_KIND, collectHeader, pointer)
        }
    }

    /// Takes a piece of the body; false to cut the connection.
    ///
    /// The library takes no answer while the body comes in, so what is too much is read on and dropped for a while.
    private func take(_ piece: UnsafeRawBufferPointer) -> Bool {
        let limit = mostBodyOctets
        let isShort = body.count + piece.count <= limit
        guard refusal == nil, isShort, loop.bodies.take(piece.count) else {
            dropped += piece.count
            refusal = refusal ?? (isShort ? Self.bodiesFull : .bodyTooLarge(limit: limit))
            body = []
            return dropped <= 4 * limit
        }
        allowedOctets += piece.count
        body.append(contentsOf: piece)
        return true
    }

    private var dropped = 0

    private func requestCompleted(_ handle: OpaquePointer) -> MHD_Result {
        connection.activity = .answering
        if let refusal { return queue(refused(refusal), handle) }
        if loop.isForced { return queue(refused(Self.draining), handle) }
        phase = .answering
        let request = HTTPRequest(
            method: HTTPMethod(rawValue: method),
            rawTarget: target,
            headers: headers,
            body: body,
            remoteAddress: connection.remoteAddress,
            clientCertificate: connection.clientCertificate(handle)
        )
        self.request = request
        body = []
        let responder = loop.responder
        if let answer = responder.answerAtHand(for: request) { return queue(answer, handle) }
        // Runs here and now as far as it can without waiting; after a wait it goes on as a job of the loop.
        let task = Task.immediate(executorPreference: loop) { [self] in
            self.answered(await responder.respond(to: request))
        }
        if let response { return queue(response, handle) }
        self.task = task
        suspension = SuspendedConnection(suspending: handle)
        return .YES
    }

    // MARK: The answer

    private func answered(_ response: HTTPResponse) {
        guard !isEnded, self.response == nil else { return }
        self.response = response
        resume()
    }

    private func resume() {
        if let suspension = suspension.take() {
            suspension.resume()
            loop.hasResumed = true
        }
    }

    private func refused(_ problem: Problem) -> HTTPResponse {
        let request =
            self.request
            ?? HTTPRequest(
                method: HTTPMethod(rawValue: method),
                rawTarget: target,
                headers: headers,
                remoteAddress: connection.remoteAddress
            )
        self.request = request
        return loop.responder.refuse(request, because: problem)
    }

    private func queue(_ response: HTTPResponse, _ handle: OpaquePointer) -> MHD_Result {
        phase = .sent
        connection.activity = .answering
        let rendered = request.map { response.rendered(for: $0) } ?? response
        if send(rendered, handle) { return .YES }
        loop.logger.error("response is not well-formed", metadata: ["request": "\(request?.id ?? "")"])
        let replacement = refused(.internalFault)
        return request.map({ send(replacement.rendered(for: $0), handle) }) == true ? .YES : .NO
    }

    /// Hands an answer to the library; false if it is not fit to be sent.
    private func send(_ response: HTTPResponse, _ handle: OpaquePointer) -> Bool {
        guard (200...599).contains(response.status), response.headers.areWellFormed else { return false }
        let created: OpaquePointer?
        switch response.body {
        case .stream(let stream) where method != "HEAD" && !Self.hasNoBody(response.status):
            let body = StreamedBody(stream, handle: handle, loop: loop)
            self.stream = body
            created = body.makeResponse()
        case .octets(let octets) where !Self.hasNoBody(response.status):
            created = octets.withUnsafeBytes { microhttpd_response($0.baseAddress, $0.count) }
        case .octets, .stream, .problem:
            created = microhttpd_response(nil, 0)
        }
        guard let created else { return false }
        defer { MHD_destroy_response(created) }
        for field in response.headers.fields where !Self.isOurs(field.name) {
            // Not passed as strings: that would copy both into arrays first.
            let isAdded = field.name.withCString { name in
                field.value.withCString { MHD_add_response_header(created, name, $0) == .YES }
            }
            guard isAdded else { return false }
        }
        if loop.isDraining { MHD_add_response_header(created, "Connection", "close") }
        guard MHD_queue_response(handle, UInt32(response.status), created) == .YES else { return false }
        stream?.start()
        return true
    }

    /// RFC 9110 §6.4.1: these never have a body.
    private static func hasNoBody(_ status: Int) -> Bool {
        status == 204 || status == 304
    }

    /// The fields that the library writes from what it knows.
    private static func isOurs(_ name: String) -> Bool {
        switch name.utf8.count {
        case 4: HTTPHeaders.areEqual(name, "Date")
        case 14: HTTPHeaders.areEqual(name, "Content-Length")
        case 17: HTTPHeaders.areEqual(name, "Transfer-Encoding")
        default: false
        }
    }

    private static let draining = Problem(
        "draining",
        status: 503,
        title: "Shutting down",
        detail: "The gateway is shutting down.",
        retryable: true,
        headers: HTTPHeaders([.init(name: "Retry-After", value: "5")])
    )

    private static let bodiesFull = Problem(
        "bodies-full",
        status: 503,
        title: "Too much at once",
        detail: "The bodies of all requests together are larger than the gateway takes at once.",
        retryable: true,
        headers: HTTPHeaders([.init(name: "Retry-After", value: "5")])
    )

    // MARK: Called by the loop

    /// Whether the connection is suspended, be it for the answer or for a piece of its body.
    var isSuspended: Bool {
        switch suspension {
        case .none: stream?.isSuspended ?? false
        case .some: true
        }
    }

    /// The peer has closed its sending side, or (`isGone`) the whole connection.
    ///
    /// A peer that only says that it sends no more still waits for the answer, and TCP does not tell it from one that left
    /// until something is sent to it. So an interim answer is sent, once, which a peer that left answers by a reset. Under TLS,
    /// where nothing can be sent past the library, and where clients end both directions together, it counts as gone.
    func peerClosed(isGone: Bool) {
        if let stream {
            stream.close()
        } else if isGone || connection.isSecure {
            task?.cancel()
            resume()
        } else if !isProbed, version == "HTTP/1.1" {
            isProbed = true
            connection.sendDirectly(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
        }
    }

    /// Whether the peer's half-close has been answered by a probe, so that only a reset is of interest.
    var isProbing: Bool { isProbed }

    /// The time for the request to arrive is over; under TLS the connection is cut without a word.
    func arrivalTimedOut() {
        connection.sendDirectly(HTTPRequestTimeout.octets(for: refused(HTTPRequestTimeout.problem)))
        connection.cut()
    }

    /// The time for requests in flight is over: whoever still waits is told to come back.
    func force() {
        task?.cancel()
        stream?.close()
        if phase == .judging, verdict == nil {
            verdict = .refused(refused(Self.draining))
            resume()
        }
        guard phase == .answering, response == nil else { return }
        response = refused(Self.draining)
        resume()
    }
}

private func collectHeader(
    _ context: UnsafeMutableRawPointer?,
    _ kind: MHD_ValueKind,
    _ name: UnsafePointer<CChar>?,
    _ nameLength: Int,
    _ value: UnsafePointer<CChar>?,
    _ valueLength: Int
) -> MHD_Result {
    guard let context, let name else { return .YES }
    let headers = context.assumingMemoryBound(to: HTTPHeaders.self)
    headers.pointee.add(text(name, nameLength), value.map { text($0, valueLength) } ?? "")
    return .YES
}

private func text(_ start: UnsafePointer<CChar>, _ length: Int) -> String {
    String(decoding: UnsafeRawBufferPointer(start: start, count: length), as: UTF8.self)
}
