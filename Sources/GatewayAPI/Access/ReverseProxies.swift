// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import HTTPKit

/// The reverse proxies that are believed when they tell, in `X-Forwarded-For`, whose request they send on.
///
/// Each proxy adds the address that a request came to it from at the end of the field. So it is read from its end, as long as the
/// address in hand is that of a proxy that is believed; what stands before may have been written by anybody.
struct ReverseProxies: RequestOrigin {
    /// The addresses of the proxies.
    let addresses: [AddressRange]

    /// The address of the caller before the first proxy that is believed; nil when the request came from none.
    func originalAddress(of request: HTTPRequest) -> String? {
        guard isProxy(request.remoteAddress) else { return nil }
        var address = request.remoteAddress
        let told = request.headers.all("X-Forwarded-For").flatMap { $0.split(separator: ",") }
        for text in told.reversed() {
            guard isProxy(address), let before = Self.address(in: text) else { break }
            address = before
        }
        return address
    }

    private func isProxy(_ address: String) -> Bool { addresses.contains { $0.contains(address) } }

    /// An address without the port and the brackets that some proxies write; nil for what is none.
    private static func address(in text: Substring) -> String? {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            text = text[..<end].dropFirst()
        } else if text.filter({ $0 == ":" }).count == 1, let colon = text.firstIndex(of: ":") {
            text = text[..<colon]
        }
        return AddressRange(String(text)) == nil || text.contains("/") ? nil : String(text)
    }
}
