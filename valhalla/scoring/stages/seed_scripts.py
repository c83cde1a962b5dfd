"""The two call scripts of a new file: what a caller says, written to be compared with each other."""

from __future__ import annotations

PATIENT = """\
Hi, is this {name}? My name is {caller}, I am a local home buyer. I know this call comes out of the blue, so tell me if now is a bad time.

I am calling about the house at {address}. Have you ever thought about selling it?

[No] No problem at all. Would it be all right if I asked again in a few months? And if you know someone who wants to sell, I am glad to talk to them.
[Maybe, or yes] Thank you. May I ask a few questions, so that I do not waste your time?
  1. What has you thinking about selling now?
  2. Does somebody live there at the moment?
  3. What would you fix first if you stayed another ten years?
  4. If everything went the way you want it, when would it be sold?
  5. Do you have a number in mind at which you would say: that works for me?

I buy as it is: no repairs, no cleaning, no agent's commission. The next step is a look at the house, fifteen minutes, at no cost.
Would tomorrow afternoon or the day after suit you better?

[Asks not to be called again] Of course. I am taking you off the list right now. All the best to you.
"""
"""Asks first and names the next step last."""

DIRECT = """\
Hi {name}, {caller} here. I would like to make you a cash offer for {address}. Do you have two minutes?

[No time] When is better today: before or after five?
[Not selling] Understood. At what price would you think about it? ... Thank you, I have written that down.
[Yes] Good. I need three things from you and then you get a number from me:
  1. What shape is it in: roof, heating, kitchen, bathrooms?
  2. What do you still owe on it, roughly?
  3. How soon do you want it done?

I pay cash, I take it as it is, you choose the day of closing, and you pay no commission.
To put the number in writing I have to see the house once. Can we do that tomorrow at ten or at four?

[Asks not to be called again] Of course. I am taking you off the list right now. Sorry to have bothered you.
"""
"""Names the offer in the first sentence."""
