// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
import Fleet
import HTTPKit
import Synchronization
import Timekeeping

/// Tickets that stand for the credentials of a caller in one address, once and for half a minute.
///
/// A browser's EventSource sends no `Authorization`. A key in the address would stay in histories and in the logs of
/// proxies for as long as it is good; a ticket found there is worth nothing. Kept in memory, by its digest.
// A lock and not an actor: it is asked where requests are answered, and holds for a look into a table.
final class TicketOffice: Sendable {
    /// What a ticket looks like: 48 hexadecimal digits, of 192 random bits.
    static let length = 48
    /// How long a ticket is good.
    static let lifetime = Duration.seconds(30)
    /// What a ticket allows at most, as far as its owner has it.
    static let scopes: Set<Scope> = [.eventsRead, .jobsRead]
    private static let most = 10_000

    private struct Entry {
        let principal: Principal
        let expiresAt: Timestamp
    }

    private let clock: any WallClock
    private let entries = Mutex<[[UInt8]: Entry]>([:])

    /// Opens an office.
    init(clock: any WallClock) {
        self.clock = clock
    }

    /// A ticket for a caller; nil while there are too many that nobody has used.
    ///
    /// - Parameter principal: its owner; nil where callers have no credentials, and any ticket will do.
    func issue(to principal: Principal?) throws -> (text: String, expiresAt: Timestamp)? {
        let text = Hexadecimal.text(of: try RandomOctets.draw(Self.length / 2)).lowercased()
        let digest = try SHA256Digest.of(Array(text.utf8))
        let now = clock.now()
        let end = now + Self.lifetime
        guard let principal else { return (text, end) }
        let holder = Principal(
            name: principal.name,
            keyID: principal.keyID,
            scopes: Self.scopes.filter(principal.may),
            confinement: principal.confinement,
            expiresAt: principal.expiresAt,
            requestsPerMinute: principal.requestsPerMinute
        )
        return entries.withLock { entries in
            if entries.count >= Self.most { entries = entries.filter { $0.value.expiresAt > now } }
            guard entries.count < Self.most else { return nil }
            entries[digest] = Entry(principal: holder, expiresAt: end)
            return (text, end)
        }
    }

    /// Takes a ticket: whose it is, or nil for one that is not known, was used, or came too late.
    func redeem(_ text: String) -> Principal? {
        guard let digest = try? SHA256Digest.of(Array(text.utf8)),
            let entry = entries.withLock({ $0.removeValue(forKey: digest) })
        else { return nil }
        let now = clock.now()
        guard now < entry.expiresAt else { return nil }
        if let end = entry.principal.expiresAt, Timestamp(seconds: end) <= now { return nil }
        return entry.principal
    }

    /// Forgets the tickets of an API key that was revoked.
    func forget(key id: String) {
        entries.withLock { entries in entries = entries.filter { $0.value.principal.keyID != id } }
    }

    /// The ticket in the address of a stream of events; nil for any other request.
    static func ticket(in request: HTTPRequest) -> String? {
        guard request.method == .get, request.rawTarget.utf8.contains(UInt8(ascii: "?")),
            request.rawPath.hasSuffix("/events"), let target = try? HTTPTarget(request.rawTarget)
        else { return nil }
        return try? target.query.single("ticket")
    }
}

extension Problem {
    /// 401: the ticket of a stream of events is not good, or not any more.
    static let ticketInvalid = Problem.tokenInvalid("the ticket is not known, was used, or is older than 30 seconds")
}
